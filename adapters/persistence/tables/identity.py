"""Who may log in: the embedded users, and the issuers whose word tenants take."""

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, PrimaryKeyConstraint, Table, UniqueConstraint

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, UTCDateTime

user_account = Table(
    "user_account",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("role", KeyText, nullable=False),
    Column("password_hash", KeyText, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("added_at", UTCDateTime, nullable=False),
    Column("guessed_until", UTCDateTime, comment="how far strangers are with their attempts"),
    PrimaryKeyConstraint("tenant", "email"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("address", KeyText, nullable=False),
    Column("attempts", Count, nullable=False),
    Column("locked_until", UTCDateTime),
    Column("known_until", UTCDateTime),
    Column("tried_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "email", "address"),
    CheckConstraint("attempts >= 0", name="attempts_not_negative"),
)

identity_issuer = Table(
    "identity_issuer",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("issuer", KeyText, nullable=False),
    Column("audience", KeyText, nullable=False),
    Column("keys_url", KeyText, nullable=False),
    Column("email_claim", KeyText, nullable=False),
    Column("groups_claim", KeyText, nullable=False),
    Column("role_claim", KeyText, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("default_role", KeyText, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    # A token must lead to one tenant.
    UniqueConstraint("issuer", "audience"),
)
