"""Tenants, their settings, and what becomes of them."""

from sqlalchemy import Boolean, Column, PrimaryKeyConstraint, Table

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, UTCDateTime

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
