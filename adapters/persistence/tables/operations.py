"""Running instances and periodic jobs."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, Duration, KeyText, UTCDateTime

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
