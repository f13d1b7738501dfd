"""Searches: attributes and words of products, and indexes by model and place.

Products that are there already are noted as well, some at a time.

Revision: 0007, after 0006.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adapters.persistence.attribute_rows import attribute_values, words_values
from adapters.persistence.catalogue_rows import entry_from, product_from
from adapters.persistence.tables import product, product_attribute, product_file, product_words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
AT_ONCE = 500


def upgrade() -> None:
    """Create the tables and fill them."""
    op.create_table(
        "product_attribute",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("path", KEY_TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False, comment="counts the values of one path of one product"),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("kind", KEY_TEXT, nullable=False),
        sa.Column("text_value", KEY_TEXT, nullable=True),
        sa.Column("folded", KEY_TEXT, nullable=True),
        sa.Column("number_value", sa.Double(), nullable=True),
        sa.Column("instant_value", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_attribute_product_id_product")),
        sa.PrimaryKeyConstraint("product_id", "path", "ordinal", name=op.f("pk_product_attribute")),
    )
    for column in ("folded", "number_value", "instant_value"):
        op.create_index(
            f"ix_product_attribute_{column}",
            "product_attribute",
            ["tenant", "path", column, "product_id"],
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index("ix_product_model", "product", ["tenant", "model", "urn"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE product_words USING fts5(words, tokenize = 'ascii', detail = none)")
        op.execute(
            "CREATE TRIGGER product_words_go AFTER DELETE ON product"
            " BEGIN DELETE FROM product_words WHERE rowid = old.id; END"
        )
    else:
        op.create_table(
            "product_words",
            sa.Column(
                "rowid", sa.BigInteger(), autoincrement=False, nullable=False, comment="the number of the product"
            ),
            sa.Column("words", postgresql.TSVECTOR(), nullable=False),
            sa.ForeignKeyConstraint(
                ["rowid"], ["product.id"], name=op.f("fk_product_words_rowid_product"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("rowid", name=op.f("pk_product_words")),
        )
        op.create_index("ix_product_words_words", "product_words", ["words"], postgresql_using="gin")
        op.create_index(
            "ix_product_box",
            "product",
            [sa.text("box(point(west, south), point(east, north))")],
            postgresql_using="gist",
        )
    _fill(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER product_words_go")
    else:
        op.drop_index("ix_product_box", "product")
    op.drop_table("product_words")
    op.drop_index("ix_product_model", "product")
    op.drop_table("product_attribute")


def _fill(connection: sa.Connection) -> None:
    after = 0
    while rows := _products(connection, after):
        numbers = [row["id"] for row in rows]
        files: dict[int, list[Any]] = defaultdict(list)
        listed = sa.select(product_file).where(product_file.c.product_id.in_(numbers))
        for row in connection.execute(listed.order_by(product_file.c.position)).mappings():
            files[row["product_id"]].append(entry_from(dict(row)))
        values = {row["id"]: product_from(row, files[row["id"]]) for row in rows}
        if attributes := [
            row for number, value in values.items() for row in attribute_values(value, product_id=number)
        ]:
            connection.execute(product_attribute.insert(), attributes)
        connection.execute(
            product_words.insert(), [words_values(value, product_id=number) for number, value in values.items()]
        )
        after = numbers[-1]


def _products(connection: sa.Connection, after: int) -> Sequence[dict[str, Any]]:
    query = sa.select(product).where(product.c.id > after).order_by(product.c.id).limit(AT_ONCE)
    return [dict(row) for row in connection.execute(query).mappings()]
