"""Orders of searches, the same on both databases: numbers, then instants, then texts; nothing comes last."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, select

from adapters.persistence.tables import product_attribute
from domain.search import Sorting

_COLUMNS = {
    "id": "urn",
    "virtualId": "virtual_id",
    "providerId": "provider_id",
    "model": "model",
    "version": "version",
    "last": "is_last",
}
TYPED = ("number_value", "instant_value", "folded")


def is_by_column(sorting: Sorting) -> bool:
    """Whether the product's own row has the value."""
    return sorting.field.path in _COLUMNS


def ordered(tenant: str, query: Select[Any], row: FromClause, sorting: tuple[Sorting, ...]) -> Select[Any]:
    """The query with the order; of attributes with several values the first one counts."""
    keys: list[Any] = []
    source: Any = row
    for key in sorting:
        if is_by_column(key):
            column = row.c[_COLUMNS[key.field.path]]
            keys.append(column.desc() if key.is_descending else column)
            continue
        value = product_attribute.alias()
        source = source.outerjoin(value, _first_value(tenant, value, key, row))
        # An instant is a text as well: it is ordered as the former.
        columns = [value.c[name] for name in TYPED]
        keys += [(column.desc() if key.is_descending else column.asc()).nulls_last() for column in columns]
    return query.select_from(source).order_by(*keys, row.c.urn)


def walked(tenant: str, row: FromClause, key: Sorting, typed: str) -> tuple[Select[Any], ColumnElement[bool]]:
    """Along the index of one attribute with values of one type; beside it, that a product has no such value."""
    value = product_attribute.alias()
    first = _first_value(tenant, value, key, row)
    column = value.c[typed]
    query = (
        select(row.c.urn)
        .select_from(row.join(value, first))
        .where(column.is_not(None))
        .order_by(column.desc() if key.is_descending else column.asc(), row.c.urn)
    )
    other = product_attribute.alias()
    return query, ~exists().where(_first_value(tenant, other, key, row)).correlate(row)


def _first_value(tenant: str, value: FromClause, key: Sorting, row: FromClause) -> ColumnElement[bool]:
    return and_(
        value.c.tenant == tenant,
        value.c.path == key.field.path,
        value.c.ordinal == 0,
        value.c.product_id == row.c.id,
    )


def types_of(tenant: str, key: Sorting) -> Select[Any]:
    """Which types of values an attribute has anywhere: numbers, instants, texts that are no instants."""
    path = key.field.path
    row = product_attribute

    def there_is(*conditions: ColumnElement[bool]) -> Any:
        return exists().where(row.c.tenant == tenant, row.c.path == path, *conditions).label(None)

    return select(
        there_is(row.c.number_value.is_not(None)),
        there_is(row.c.instant_value.is_not(None)),
        there_is(row.c.folded.is_not(None), row.c.instant_value.is_(None)),
    )
