"""Operations: running instances, tenants in maintenance, and tenants that are being removed.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "instance",
        sa.Column("id", KEY_TEXT, nullable=False),
        sa.Column("host", KEY_TEXT, nullable=False),
        sa.Column("version", KEY_TEXT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    op.create_table(
        "tenant_maintenance",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenant_maintenance")),
    )
    op.create_table(
        "tenant_removal",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenant_removal")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("tenant_removal")
    op.drop_table("tenant_maintenance")
    op.drop_table("instance")
