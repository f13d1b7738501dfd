"""What searches look at beside the products themselves; ``domain.attributes`` says what is noted.

- ``product_attribute``: values by path. ``text_value`` is the beginning of a text, ``folded`` the same regardless of
  case, which the index has; both are cut, so that no value is too long for an index.
- ``product_words``: the words of a product's texts, each led by a digest of the tenant and the path that it was found
  under (``adapters.persistence.attribute_rows``), so that one look into one index answers for one field of one tenant.
  On PostgreSQL a ``tsvector``; on SQLite an FTS5 table, whose only key is called ``rowid``. Words go with their
  product, by a cascade or a trigger.
"""

from typing import Any

from sqlalchemy import (
    DDL,
    Column,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeDecorator, TypeEngine

from adapters.persistence.tables.catalogue import product, product_dataset
from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, UTCDateTime

FTS_TABLE = "CREATE VIRTUAL TABLE product_words USING fts5(words, tokenize = 'ascii', detail = none)"
"""Its words are ASCII letters, ASCII digits, and anything beyond ASCII in a row: as we write them."""
FTS_TRIGGER = (
    "CREATE TRIGGER product_words_go AFTER DELETE ON product BEGIN DELETE FROM product_words WHERE rowid = old.id; END"
)
FTS_TABLES = frozenset(f"product_words{suffix}" for suffix in ("", "_config", "_content", "_data", "_docsize", "_idx"))
"""As they are listed on SQLite: no tool can compare them with the table in code."""


class Words(TypeDecorator[str]):
    """Words with blanks between them, in no order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A ``tsvector`` where there is one: words as they are, nothing stemmed, none left out."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        """PostgreSQL writes each word in quotes; no word has one."""
        return None if value is None else value.replace("'", "")


product_attribute = Table(
    "product_attribute",
    metadata,
    Column("product_id", Count, nullable=False),
    Column("path", KeyText, nullable=False),
    Column("ordinal", Count, nullable=False, comment="counts the values of one path of one product"),
    Column("tenant", KeyText, nullable=False),
    Column("kind", KeyText, nullable=False),
    Column("text_value", KeyText),
    Column("folded", KeyText),
    Column("number_value", Double),
    Column("instant_value", UTCDateTime),
    PrimaryKeyConstraint("product_id", "path", "ordinal"),
    ForeignKeyConstraint(["product_id"], ["product.id"]),
    *(
        Index(
            f"ix_product_attribute_{column}",
            "tenant",
            "path",
            column,
            "product_id",
            sqlite_where=text(f"{column} IS NOT NULL"),
            postgresql_where=text(f"{column} IS NOT NULL"),
            # So that the index answers by itself what a search asks of a value.
            postgresql_include=["ordinal", *more],
        )
        for column, more in (("folded", ["text_value"]), ("number_value", []), ("instant_value", []))
    ),
)

product_words = Table(
    "product_words",
    metadata,
    Column("rowid", Count, nullable=False, autoincrement=False, comment="the number of the product"),
    Column("words", Words, nullable=False),
    PrimaryKeyConstraint("rowid"),
    ForeignKeyConstraint(["rowid"], ["product.id"], ondelete="CASCADE"),
    Index("ix_product_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    info={"is_fts5_on_sqlite": True},
)

product_box = Index(
    "ix_product_box",
    text("box(point(west, south), point(east, north))"),
    postgresql_using="gist",
    _table=product,
).ddl_if(dialect="postgresql")

product_time = Index(
    "ix_product_time",
    text("nullif(tstzrange(starts_at, ends_at, '[]'), '(,)'::tstzrange)"),
    postgresql_using="spgist",
    _table=product,
).ddl_if(dialect="postgresql")
"""A product without a time has none here, rather than one without bounds, which meets every other."""

Index("ix_product_model", product.c.tenant, product.c.model, product.c.urn)

# What every search asks of each product, without the product: they are large, and lie anywhere.
Index("ix_product_number", *(product.c[name] for name in ("id", "tenant", "entity_type", "is_last", "urn")))
Index("ix_product_dataset_product_id", *(product_dataset.c[name] for name in ("product_id", "tenant", "dataset")))


@compiles(CreateTable, "sqlite")
def _create(element: CreateTable, compiler: Any, **more: Any) -> str:
    if element.element.info.get("is_fts5_on_sqlite"):
        return FTS_TABLE
    return str(compiler.visit_create_table(element, **more))


event.listen(
    product_attribute,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        "CREATE STATISTICS st_product_attribute_values (ndistinct, dependencies, mcv)"
        " ON path, folded, text_value FROM product_attribute"
    ).execute_if(dialect="postgresql"),
)
"""A value belongs to few paths: taken by themselves, PostgreSQL would multiply how rare they are, and expect none."""

event.listen(product_words, "after_create", DDL(FTS_TRIGGER).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
