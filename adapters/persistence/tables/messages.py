"""What others are told, and what they told us."""

from sqlalchemy import JSON, Column, Index, PrimaryKeyConstraint, Table, text

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, Serial, UTCDateTime

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
