"""Accounts, downloads, transfers and tickets: what the ledger writes."""

from enum import IntEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, Duration, KeyText, UTCDateTime


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
    Column("reserved_until", UTCDateTime, comment="set aside for a cart, and nothing of it delivered yet"),
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
    Index(
        "ix_download_reserved",
        "reserved_until",
        sqlite_where=text("reserved_until IS NOT NULL"),
        postgresql_where=text("reserved_until IS NOT NULL"),
    ),
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
    Column("product", KeyText, comment="URN of the product, where the issuer's rights decide at every use"),
    Column("issuer_role", KeyText),
    Column("issuer_groups", KeyText, comment="those that the issuer's token stated, as a JSON list"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "token_sha256"),
    CheckConstraint("uses >= 0", name="uses_not_negative"),
    CheckConstraint("spent >= 0", name="spent_not_negative"),
    Index("ix_ticket_email", "tenant", "email"),
    Index("ix_ticket_issued_by", "tenant", "issued_by", "id"),
    Index("ix_ticket_checksum", "tenant", "checksum", "id"),
    Index("ix_ticket_expires_at", "expires_at"),
)
