"""Identity: the embedded users, and issuers of other identities.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "user_account",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("role", KEY_TEXT, nullable=False),
        sa.Column("password_hash", KEY_TEXT, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_user_account_attempts_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "email", name=op.f("pk_user_account")),
    )
    op.create_table(
        "identity_issuer",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("issuer", KEY_TEXT, nullable=False),
        sa.Column("audience", KEY_TEXT, nullable=False),
        sa.Column("keys_url", KEY_TEXT, nullable=False),
        sa.Column("email_claim", KEY_TEXT, nullable=False),
        sa.Column("groups_claim", KEY_TEXT, nullable=False),
        sa.Column("role_claim", KEY_TEXT, nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("default_role", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_identity_issuer")),
        sa.UniqueConstraint("issuer", "audience", name=op.f("uq_identity_issuer_issuer_audience")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("identity_issuer")
    op.drop_table("user_account")
