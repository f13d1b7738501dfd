"""The least and the greatest values of attributes, exactly, however much is found.

Of few products all values are looked at. Of many, the index of the values is read from its ends until there is one of a
product that the search finds, which is soon where it finds many.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from adapters.persistence.searching.counted import Counted
from adapters.persistence.tables import product_attribute
from application.ports.search_figures import FieldBounds
from domain.counted_values import bounds_of
from domain.facets import FacetType
from domain.search import Field

_COLUMNS = {FacetType.NUMERIC: "number_value", FacetType.DATE: "instant_value"}


async def field_bounds(counted: Counted, field: Field) -> Sequence[FieldBounds]:
    """Those of its numbers, and those of its instants."""
    if counted.is_all:
        values = await counted.values(field)
        if values.is_all:
            ends = bounds_of(values.values)
            return [_bounds(field, kind, *ends[kind]) for kind in _COLUMNS if kind in ends]
    found = []
    for kind, name in _COLUMNS.items():
        lower = await _end(counted, field, name, is_last=False)
        if lower is not None:
            found.append(_bounds(field, kind, lower, await _end(counted, field, name, is_last=True)))
    return found


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


def _bounds(field: Field, kind: FacetType, lower: Any, upper: Any) -> FieldBounds:
    return FieldBounds(field=field, type=kind, lower=_plain(lower), upper=_plain(upper))


def _plain(end: Any) -> float | datetime:
    return end.astimezone(UTC) if isinstance(end, datetime) else float(end)
