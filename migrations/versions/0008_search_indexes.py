"""Searches over very many products, on PostgreSQL: an index by time, and what values of attributes go together.

Revision: 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index and the statistics."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_product_time ON product USING spgist"
            " (NULLIF(tstzrange(starts_at, ends_at, '[]'), '(,)'::tstzrange))"
        )
        op.execute(
            "CREATE STATISTICS st_product_attribute_values (ndistinct, dependencies, mcv)"
            " ON path, folded, text_value FROM product_attribute"
        )
        op.execute("ANALYZE product")
        op.execute("ANALYZE product_attribute")


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS st_product_attribute_values")
        op.execute("DROP INDEX ix_product_time")
