"""Configured storages, files, and their copies."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, UTCDateTime

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
    Column("delivery", KeyText, nullable=False, server_default="STREAM"),
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
    Column("verified_at", UTCDateTime, comment="when a whole reading last had the right digest"),
    PrimaryKeyConstraint("tenant", "checksum", "storage"),
    ForeignKeyConstraint(["tenant", "checksum"], ["file.tenant", "file.checksum"]),
    Index("ix_file_location_storage", "tenant", "storage", "checksum"),
    Index("ix_file_location_verified", "tenant", "storage", "verified_at", "checksum"),
    Index(
        "ix_file_location_suspect",
        "tenant",
        "checksum",
        "storage",
        sqlite_where=text("suspect_since IS NOT NULL"),
        postgresql_where=text("suspect_since IS NOT NULL"),
    ),
)

# Beside the copies: what was said last of one that is gone must be known, too.
copy_statement = Table(
    "copy_statement",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("said_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "checksum", "storage"),
    Index("ix_copy_statement_said_at", "said_at"),
)

# A storage that failed lately is left alone for a while by every instance.
storage_cooling = Table(
    "storage_cooling",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("storage", KeyText, nullable=False),
    Column("cooling_until", UTCDateTime, nullable=False),
    Column("failures", Count, nullable=False),
    Column("reason", KeyText, nullable=False),
    Column("failed_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "storage"),
)
