"""The commonest values of a field among what is found."""

from typing import Any

from sqlalchemy import Select, select

from adapters.persistence.searching.counted import Counted, distinct_products
from adapters.persistence.searching.ordering import COLUMNS
from application.ports.search_figures import FoundValue
from domain.attributes import folded, number_text
from domain.search import Field
from domain.search_values import Pattern

MOST_LOOKED_THROUGH = 10_000
"""Different numbers, the commonest, among which those with a part are looked for."""


async def values_of(counted: Counted, field: Field, *, limit: int, part: str | None) -> tuple[FoundValue, ...]:
    """Texts and numbers, the commonest first."""
    values = await counted.values(field)
    most = MOST_LOOKED_THROUGH if part else limit
    texts = _grouped(values, values.c.text_value, limit if field.path not in COLUMNS else most)
    if part and field.path not in COLUMNS:
        inside = "".join(f"\\{character}" for character in folded(part))
        pattern = Pattern.read(f"*{inside}*", folds=False)
        texts = texts.where(values.c.folded.like(pattern.as_like(), escape="\\"))
    read = counted.asking.transaction.read
    rows: Any = await read(texts)
    found = [FoundValue(value=text, count=count) for text, count in rows]
    rows = await read(_grouped(values, values.c.number_value, most))
    found += [FoundValue(value=number_text(float(number)), count=count) for number, count in rows]
    kept = [value for value in found if not part or folded(part) in folded(value.value)]
    kept.sort(key=lambda value: (-value.count, value.value))
    return tuple(kept[:limit])


def _grouped(values: Any, column: Any, limit: int) -> Select[Any]:
    count = distinct_products(values)
    query = select(column, count).where(column.is_not(None)).group_by(column)
    return query.order_by(count.desc(), column).limit(limit)
