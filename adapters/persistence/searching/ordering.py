"""Orders of searches, the same on both databases: numbers, then instants, then texts; nothing comes last."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, select

from adapters.persistence.tables import product_attribute
from domain.search import Sorting

COLUMNS = {
    "id": "urn",
    "virtualId": "virtual_id",
    "providerId": "provider_id",
    "model": "model",
    "version": "version",
    "last": "is_last",
}
INDEXED = frozenset({"virtualId", "providerId", "model"})
"""Those of the columns along which products can be walked; ``id`` is the order of equals anyway."""
TYPED = ("number_value", "instant_value", "folded")


def is_by_column(sorting: Sorting) -> bool:
    """Whether the product's own row has the value."""
    return sorting.field.path in COLUMNS


def sorted_by(tenant: str, row: FromClause, some: FromClause, sorting: tuple[Sorting, ...]) -> Select[Any]:
    """The URNs of the products whose numbers ``some`` has (as ``id``), in order."""
    source, keys = order_keys(tenant, row.join(some, some.c.id == row.c.id), row, sorting)
    return select(row.c.urn).select_from(source).order_by(*keys, row.c.urn)


def order_keys(
    tenant: str, source: FromClause, row: FromClause, sorting: tuple[Sorting, ...]
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """The source with the values to be ordered by beside it, and these; of several values the first one counts."""
    keys: list[Any] = []
    for key in sorting:
        if is_by_column(key):
            column = row.c[COLUMNS[key.field.path]]
            keys.append(column.desc() if key.is_descending else column.asc())
            continue
        value = product_attribute.alias()
        source = source.outerjoin(value, and_(first_value(tenant, value, key), value.c.product_id == row.c.id))
        # An instant is a text as well: it is ordered as the former.
        columns = [value.c[name] for name in TYPED]
        keys += [(column.desc() if key.is_descending else column.asc()).nulls_last() for column in columns]
    return source, keys


def first_value(tenant: str, value: FromClause, key: Sorting) -> ColumnElement[bool]:
    """That a row of attributes has the value that a product is ordered by."""
    return and_(value.c.tenant == tenant, value.c.path == key.field.path, value.c.ordinal == 0)


def has_no_value(tenant: str, row: FromClause, key: Sorting) -> ColumnElement[bool]:
    """That a product has none."""
    value = product_attribute.alias()
    return ~exists().where(first_value(tenant, value, key), value.c.product_id == row.c.id).correlate(row)
