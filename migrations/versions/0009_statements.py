"""Statements: when something was last said of a product, and when a licence's text or edition began.

What is catalogued already was last said when it was last changed.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table, fill it, and add the column."""
    op.create_table(
        "product_statement",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("urn", KEY_TEXT, nullable=False),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column(
            "is_gone", sa.Boolean(), nullable=False, comment="that it is removed: such notes are purged after a while"
        ),
        sa.PrimaryKeyConstraint("tenant", "urn", name=op.f("pk_product_statement")),
    )
    op.execute(
        "INSERT INTO product_statement (tenant, urn, said_at, is_gone)"
        " SELECT tenant, urn, updated_at, false FROM product"
    )
    op.create_index(
        "ix_product_statement_gone",
        "product_statement",
        ["said_at"],
        sqlite_where=sa.text("is_gone"),
        postgresql_where=sa.text("is_gone"),
    )
    with op.batch_alter_table("licence") as batch:
        batch.add_column(
            sa.Column(
                "began_at",
                INSTANT,
                nullable=True,
                comment="when this text or edition began; null where it is older than this column",
            )
        )


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("licence") as batch:
        batch.drop_column("began_at")
    op.drop_index("ix_product_statement_gone", table_name="product_statement")
    op.drop_table("product_statement")
