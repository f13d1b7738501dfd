"""Restorations: who asked for what, what becomes of each file, and what lies in the cache."""

from sqlalchemy import CheckConstraint, Column, Index, PrimaryKeyConstraint, Table, text

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, Duration, KeyText, UTCDateTime

restoration_group = Table(
    "restoration_group",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("group_id", KeyText, nullable=False),
    Column("requested_by", KeyText, comment="null when a message asked"),
    Column("requested_at", UTCDateTime, nullable=False),
    Column("available_hours", Count, nullable=False),
    Column("state", KeyText, nullable=False),
    Column("ended_at", UTCDateTime),
    PrimaryKeyConstraint("tenant", "group_id"),
    Index("ix_restoration_group_ended_at", "ended_at"),
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
    Column("ended_at", UTCDateTime),
    Column("reason", KeyText),
    PrimaryKeyConstraint("tenant", "group_id", "checksum"),
    CheckConstraint("available_hours > 0", name="available_hours_positive"),
    Index("ix_restoration_request_state", "state", "requested_at"),
    Index("ix_restoration_request_checksum", "tenant", "checksum"),
    Index("ix_restoration_request_group", "tenant", "group_id", "state"),
)

restoration = Table(
    "restoration",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("size_bytes", Count, nullable=False),
    Column("state", KeyText, nullable=False),
    Column("available_hours", Count, nullable=False),
    Column("requested_at", UTCDateTime, nullable=False),
    Column("reserved_bytes", Count, nullable=False, comment="room held in the internal cache"),
    Column("started_at", UTCDateTime),
    Column("asked_at", UTCDateTime),
    Column("progressed_at", UTCDateTime),
    Column("restored_bytes", Count, nullable=False),
    Column("attempts", Count, nullable=False),
    Column("next_attempt_at", UTCDateTime, nullable=False),
    Column("holder", KeyText),
    Column("lease_until", UTCDateTime),
    Column("available_until", UTCDateTime),
    Column("ended_at", UTCDateTime),
    Column("reason", KeyText),
    PrimaryKeyConstraint("tenant", "checksum"),
    Index("ix_restoration_due", "state", "next_attempt_at"),
    Index("ix_restoration_storage", "tenant", "storage", "state"),
    Index(
        "ix_restoration_reserved",
        "tenant",
        sqlite_where=text("reserved_bytes > 0"),
        postgresql_where=text("reserved_bytes > 0"),
    ),
    Index(
        "ix_restoration_lease",
        "lease_until",
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
)

# How long restorations took, so that the next one can be estimated.
restoration_history = Table(
    "restoration_history",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("ended_at", UTCDateTime, nullable=False),
    Column("duration", Duration, nullable=False, comment="microseconds, from the start to the end"),
    Column("size_bytes", Count, nullable=False),
    PrimaryKeyConstraint("tenant", "storage", "checksum", "ended_at"),
    Index("ix_restoration_history_latest", "tenant", "storage", "ended_at"),
    Index("ix_restoration_history_ended_at", "ended_at"),
)

cached_copy = Table(
    "cached_copy",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("url", KeyText, nullable=False),
    Column("size_bytes", Count, nullable=False),
    Column("published_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "checksum"),
    CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
    Index("ix_cached_copy_expired", "expires_at"),
    Index("ix_cached_copy_expires_at", "tenant", "storage", "expires_at"),
)
