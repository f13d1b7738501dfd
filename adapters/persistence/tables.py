"""Every table, index and constraint. Every row has its tenant."""

from enum import IntEnum

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from adapters.persistence.types import Count, Duration, KeyText, Serial, UTCDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Standing(IntEnum):
    """Where a download stands for the search of one that a request may continue; kept beside the facts it follows from.

    The index on it makes that search independent of how often the user has fetched the file before.
    """

    CLOSED = 0
    """Given back: nothing may continue it."""
    GRACE = 1
    """Idle; its unit is used up, only a resume within the grace fits."""
    RESUMABLE = 2
    """Idle, with budget left."""
    POISONED = 3
    """Idle, and waiting for the complete file."""
    RUNNING = 4
    """With transfers in flight."""


tenant = Table(
    "tenant",
    metadata,
    Column("name", KeyText, nullable=False),
    Column("added_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("name"),
)

tenant_setting = Table(
    "tenant_setting",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("value", Count, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
)

storage_location = Table(
    "storage_location",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("storage_type", KeyText, nullable=False),
    Column("priority", Count, nullable=False),
    Column("plugin_id", KeyText),
    Column("parameters", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("verify", Boolean, nullable=False),
    Column("allocated_size_kb", Count, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    UniqueConstraint("tenant", "storage_type", "priority"),
)

file = Table(
    "file",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("algorithm", KeyText, nullable=False),
    Column("size_bytes", Count, nullable=False),
    Column("file_name", KeyText, nullable=False),
    Column("media_type", KeyText, nullable=False),
    Column("data_type", KeyText, nullable=False),
    Column("registered_at", UTCDateTime, nullable=False),
    Column("height", Count),
    Column("width", Count),
    PrimaryKeyConstraint("tenant", "checksum"),
    CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
)

file_location = Table(
    "file_location",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("url", KeyText, nullable=False),
    Column("stored_at", UTCDateTime, nullable=False),
    Column("version", KeyText),
    Column("referenced", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("nearline_confirmed", Boolean, nullable=False),
    Column("suspect_since", UTCDateTime),
    Column("suspect_reason", KeyText),
    PrimaryKeyConstraint("tenant", "checksum", "storage"),
    ForeignKeyConstraint(["tenant", "checksum"], ["file.tenant", "file.checksum"]),
    Index("ix_file_location_storage", "tenant", "storage", "checksum"),
    Index(
        "ix_file_location_suspect",
        "tenant",
        "checksum",
        "storage",
        sqlite_where=text("suspect_since IS NOT NULL"),
        postgresql_where=text("suspect_since IS NOT NULL"),
    ),
)

account = Table(
    "account",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("max_quota", Count),
    Column("rate_limit", Count),
    Column("units_used", Count, nullable=False),
    Column("active_downloads", Count, nullable=False),
    PrimaryKeyConstraint("tenant", "email"),
    CheckConstraint("max_quota > -2", name="max_quota_sensible"),
    CheckConstraint("rate_limit > -2", name="rate_limit_sensible"),
    CheckConstraint("(max_quota IS NULL) = (rate_limit IS NULL)", name="limits_together"),
    CheckConstraint("units_used >= 0", name="units_used_not_negative"),
    CheckConstraint("active_downloads >= 0", name="active_downloads_not_negative"),
)

# The ledger alone writes accounts, downloads and transfers, always under the account's lock, and deletes them
# together: foreign keys between them would check on every admission what cannot be otherwise.
download = Table(
    "download",
    metadata,
    Column("id", KeyText, nullable=False),
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("size_bytes", Count, nullable=False),
    Column("costs_unit", Boolean, nullable=False),
    Column("ticket_id", KeyText, nullable=False, comment="empty without a ticket, so that an index can find it"),
    Column("opened_at", UTCDateTime, nullable=False),
    Column("resume_window", Duration, nullable=False, comment="microseconds"),
    Column("resumable_until", UTCDateTime, nullable=False),
    Column("delivered_bytes", Count, nullable=False),
    Column("reserved_bytes", Count, nullable=False),
    Column("transfers", Count, nullable=False),
    Column("is_held", Boolean, nullable=False),
    Column("is_kept", Boolean, nullable=False),
    Column("is_completed", Boolean, nullable=False),
    Column("is_poisoned", Boolean, nullable=False),
    Column("progressed_at", UTCDateTime, nullable=False),
    Column("standing", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("delivered_bytes >= 0", name="delivered_bytes_not_negative"),
    CheckConstraint("reserved_bytes >= 0", name="reserved_bytes_not_negative"),
    CheckConstraint("transfers >= 0", name="transfers_not_negative"),
    Index(
        "ix_download_candidate",
        "tenant",
        "email",
        "checksum",
        "size_bytes",
        "ticket_id",
        "standing",
        "opened_at",
        "id",
    ),
    Index(
        "ix_download_ticket",
        "tenant",
        "ticket_id",
        sqlite_where=text("ticket_id <> ''"),
        postgresql_where=text("ticket_id <> ''"),
    ),
    Index("ix_download_standing", "standing", "resumable_until"),
)

transfer = Table(
    "transfer",
    metadata,
    Column("id", KeyText, nullable=False),
    Column("download_id", KeyText, nullable=False),
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("instance_id", KeyText, nullable=False),
    Column("start", Count, nullable=False),
    Column("reserved_bytes", Count, nullable=False),
    Column("progress_bytes", Count, nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("lease_until", UTCDateTime, nullable=False),
    Column("client", KeyText, nullable=False),
    Column("end_requested", Boolean, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("progress_bytes >= 0", name="progress_bytes_not_negative"),
    Index("ix_transfer_account", "tenant", "email", "lease_until"),
    Index("ix_transfer_lease", "lease_until"),
    Index("ix_transfer_instance", "instance_id"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("id", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("token_sha256", KeyText, nullable=False),
    Column("issued_by", KeyText, nullable=False),
    Column("issued_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("email", KeyText),
    Column("max_uses", Count),
    Column("uses", Count, nullable=False),
    Column("spent", Count, nullable=False),
    Column("revoked_at", UTCDateTime),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "token_sha256"),
    CheckConstraint("uses >= 0", name="uses_not_negative"),
    CheckConstraint("spent >= 0", name="spent_not_negative"),
    Index("ix_ticket_email", "tenant", "email"),
    Index("ix_ticket_issued_by", "tenant", "issued_by", "id"),
    Index("ix_ticket_checksum", "tenant", "checksum", "id"),
    Index("ix_ticket_expires_at", "expires_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, nullable=False, autoincrement=True),
    Column("tenant", KeyText, nullable=False),
    Column("type", KeyText, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("occurred_at", UTCDateTime, nullable=False),
    Column("published_at", UTCDateTime),
    Column("refused_at", UTCDateTime),
    Column("last_error", KeyText),
    PrimaryKeyConstraint("id"),
    Index("ix_outbox_tenant", "tenant", "id"),
    Index("ix_outbox_occurred_at", "occurred_at"),
    Index(
        "ix_outbox_unpublished",
        "id",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
    # Numbers of purged events are never given out again, so that a reader's position stays true.
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("message_id", KeyText, nullable=False),
    Column("handled_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "message_id"),
    Index("ix_inbox_handled_at", "handled_at"),
)

# Beside the accounts, not in them: telling others what was used must never wait for, or hold up, an admission.
published_quota = Table(
    "published_quota",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("units", Count, nullable=False),
    PrimaryKeyConstraint("tenant", "email"),
)

restoration_request = Table(
    "restoration_request",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("group_id", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("available_hours", Count, nullable=False),
    Column("requested_at", UTCDateTime, nullable=False),
    Column("state", KeyText, nullable=False),
    PrimaryKeyConstraint("tenant", "group_id", "checksum"),
    CheckConstraint("available_hours > 0", name="available_hours_positive"),
    Index("ix_restoration_request_state", "state", "requested_at"),
    Index("ix_restoration_request_checksum", "tenant", "checksum"),
)

job_run = Table(
    "job_run",
    metadata,
    Column("name", KeyText, nullable=False),
    Column("interval", Duration, nullable=False, comment="microseconds"),
    Column("holder", KeyText),
    Column("lease_until", UTCDateTime),
    Column("last_run_at", UTCDateTime),
    Column("last_success_at", UTCDateTime),
    Column("last_error", KeyText),
    Column("backlog", Count),
    Column("oldest_at", UTCDateTime),
    PrimaryKeyConstraint("name"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", KeyText, nullable=False),
    Column("host", KeyText, nullable=False),
    Column("version", KeyText, nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
    Column("state", KeyText, nullable=False),
    PrimaryKeyConstraint("id"),
)

tenant_maintenance = Table(
    "tenant_maintenance",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant"),
)

# Stays for a while after the tenant's rows are gone: an instance may not have heard yet, and write another.
tenant_removal = Table(
    "tenant_removal",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("removed_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant"),
)
