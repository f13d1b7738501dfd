"""The least and the greatest values of attributes, exactly, however much is found.

Of few products all values are looked at. Of many, the index of the values is read from its ends until there is one of a
product that the search finds, which is soon where it finds many.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from adapters.persistence.searching.counted import Counted
from adapters.persistence.tables import product_attribute
from application.ports.search_figures import FieldBounds
from domain.facets import FacetType
from domain.search import Field

_COLUMNS = {FacetType.NUMERIC: "number_value", FacetType.DATE: "instant_value"}


async def bounds_of(counted: Counted, field: Field) -> Sequence[FieldBounds]:
    """Those of its numbers, and those of its instants."""
    ends = await (_of_few(counted, field) if counted.is_all else _of_many(counted, field))
    return [
        FieldBounds(field=field, type=kind, lower=_plain(lower), upper=_plain(upper))
        for kind, (lower, upper) in zip(_COLUMNS, ends, strict=True)
        if lower is not None and upper is not None
    ]


async def _of_few(counted: Counted, field: Field) -> list[tuple[Any, Any]]:
    values = await counted.values(field)
    columns = [values.c[name] for name in _COLUMNS.values()]
    query = select(*(end(column) for column in columns for end in (func.min, func.max)))
    row = (await counted.asking.transaction.read(query)).one()
    return [(row[place], row[place + 1]) for place in (0, 2)]


async def _of_many(counted: Counted, field: Field) -> list[tuple[Any, Any]]:
    return [
        (await _end(counted, field, name, is_last=False), await _end(counted, field, name, is_last=True))
        for name in _COLUMNS.values()
    ]


async def _end(counted: Counted, field: Field, name: str, *, is_last: bool) -> Any:
    asking = counted.asking
    value = product_attribute.alias()
    column = value.c[name]
    query = (
        select(column)
        .select_from(value.join(asking.row, asking.row.c.id == value.c.product_id))
        .where(value.c.tenant == asking.tenant, value.c.path == field.path, column.is_not(None), *asking.found())
        .order_by(column.desc() if is_last else column)
        .limit(1)
    )
    return (await asking.transaction.read(query)).scalar_one_or_none()


def _plain(end: Any) -> float | datetime:
    return end.astimezone(UTC) if isinstance(end, datetime) else float(end)
