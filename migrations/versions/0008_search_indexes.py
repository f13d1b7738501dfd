"""Searches over very many products: indexes that answer by themselves, one by time, and what values go together.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

VALUES = {"folded": ["ordinal", "text_value"], "number_value": ["ordinal"], "instant_value": ["ordinal"]}
"""Columns of values, and those that an index of them has as well on PostgreSQL."""


def upgrade() -> None:
    """Create the indexes and the statistics."""
    op.create_index("ix_product_number", "product", ["id", "tenant", "entity_type", "is_last", "urn"])
    op.create_index("ix_product_dataset_product_id", "product_dataset", ["product_id", "tenant", "dataset"])
    if op.get_bind().dialect.name == "postgresql":
        for column, included in VALUES.items():
            _replace_index(column, included)
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
        for column in VALUES:
            _replace_index(column, [])
    op.drop_index("ix_product_dataset_product_id", "product_dataset")
    op.drop_index("ix_product_number", "product")


def _replace_index(column: str, included: list[str]) -> None:
    name = f"ix_product_attribute_{column}"
    op.drop_index(name, "product_attribute")
    op.create_index(
        name,
        "product_attribute",
        ["tenant", "path", column, "product_id"],
        postgresql_where=sa.text(f"{column} IS NOT NULL"),
        postgresql_include=included,
    )
