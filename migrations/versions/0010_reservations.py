"""Reservations: until when a download is set aside for a cart.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column, and the index by which reservations are found whose time has come."""
    with op.batch_alter_table("download") as batch:
        batch.add_column(
            sa.Column(
                "reserved_until",
                INSTANT,
                nullable=True,
                comment="set aside for a cart, and nothing of it delivered yet",
            )
        )
    op.create_index(
        "ix_download_reserved",
        "download",
        ["reserved_until"],
        sqlite_where=sa.text("reserved_until IS NOT NULL"),
        postgresql_where=sa.text("reserved_until IS NOT NULL"),
    )


def downgrade() -> None:
    """Give every reservation's unit back, then forget when it would have ended."""
    op.execute(
        "UPDATE account SET units_used = units_used - (SELECT count(*) FROM download AS d "
        "WHERE d.tenant = account.tenant AND d.email = account.email "
        "AND d.reserved_until IS NOT NULL AND d.costs_unit AND d.transfers = 0) "
        "WHERE EXISTS (SELECT 1 FROM download AS d WHERE d.tenant = account.tenant AND d.email = account.email "
        "AND d.reserved_until IS NOT NULL)"
    )
    op.execute("DELETE FROM download WHERE reserved_until IS NOT NULL AND transfers = 0")
    op.drop_index("ix_download_reserved", table_name="download")
    with op.batch_alter_table("download") as batch:
        batch.drop_column("reserved_until")
