"""Facets of what is found, in a few statements for each field, whatever there is of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, FromClause, case, func, or_, select

from adapters.persistence.searching.counted import Counted, distinct_products
from adapters.persistence.transaction import Transaction
from domain.attributes import Kind, number_of
from domain.coverage import instant
from domain.facets import (
    MOST_WORDS,
    Facet,
    FacetRange,
    FacetType,
    FacetWord,
    instant_bounds,
    number_bounds,
)
from domain.search import Field

TYPES = {
    Kind.TEXT: FacetType.STRING,
    Kind.NUMBER: FacetType.NUMERIC,
    Kind.INSTANT: FacetType.DATE,
    Kind.BOOLEAN: FacetType.BOOLEAN,
}


async def facet_of(counted: Counted, field: Field) -> Facet:
    """The facet of one field."""
    values = await counted.values(field)
    counting = _Counting(transaction=counted.asking.transaction, field=field, values=values)
    kind = await counting.commonest_kind()
    match TYPES.get(kind) if kind else None:
        case FacetType.NUMERIC:
            return await counting.ranges(FacetType.NUMERIC, values.c.number_value)
        case FacetType.DATE:
            return await counting.ranges(FacetType.DATE, values.c.instant_value)
        case FacetType.BOOLEAN:
            return await counting.words(FacetType.BOOLEAN, ["true", "false"])
        case FacetType.STRING:
            return await counting.words(FacetType.STRING, await counting.commonest_texts())
        case _:
            return Facet(field=field, type=FacetType.STRING, values=())


@attrs.frozen(kw_only=True)
class _Counting:
    transaction: Transaction
    field: Field
    values: FromClause

    async def commonest_kind(self) -> Kind | None:
        count = distinct_products(self.values)
        query = select(self.values.c.kind).group_by(self.values.c.kind).order_by(count.desc(), self.values.c.kind)
        kind = (await self.transaction.read(query.limit(1))).scalar_one_or_none()
        return None if kind is None else Kind(kind)

    async def commonest_texts(self) -> list[str]:
        text = self.values.c.text_value
        query = select(text).where(text.is_not(None)).group_by(text)
        query = query.order_by(distinct_products(self.values).desc(), text).limit(MOST_WORDS)
        return list((await self.transaction.read(query)).scalars())

    async def words(self, kind: FacetType, texts: Sequence[str]) -> Facet:
        """How many products have each text: as the query for it finds them, also where it writes a number."""
        equal = [self._is(text) for text in texts]
        query = select(
            *(func.count(case((each, self.values.c.product_id)).distinct()) for each in equal),
            func.count(case((or_(*equal), self.values.c.product_id)).distinct()),
            distinct_products(self.values),
        )
        row: Any = (await self.transaction.read(query)).one()
        *counts, listed, every = row
        words = [FacetWord(text=text, count=count) for text, count in zip(texts, counts, strict=True) if count]
        words.sort(key=lambda word: (-word.count, word.text))
        return Facet(field=self.field, type=kind, values=tuple(words), others=every - listed)

    def _is(self, text: str) -> ColumnElement[bool]:
        same = [self.values.c.text_value == text]
        if (number := number_of(text)) is not None:
            same.append(self.values.c.number_value == number)
        if (at := instant(text)) is not None:
            same.append(self.values.c.instant_value == at)
        return or_(*same)

    async def ranges(self, kind: FacetType, column: Any) -> Facet:
        """How many products have a value in each of a few round ranges; empty ones are left out."""
        ends = select(func.min(column), func.max(column))
        found: Any = (await self.transaction.read(ends)).one()
        lowest, highest = found
        bounds: Sequence[Any] = _bounds(lowest, highest)
        last = len(bounds) - 2
        inner = [(column < upper, place) for place, upper in enumerate(bounds[1:-1])]
        place = case(*inner, else_=last) if inner else case((column.is_not(None), 0))
        placed = (
            select(self.values.c.product_id, place.label("place"))
            .where(column >= bounds[0], column <= bounds[-1])
            .subquery()
        )
        rows: Any = await self.transaction.read(
            select(placed.c.place, distinct_products(placed)).group_by(placed.c.place)
        )
        counts: dict[int, int] = dict(rows.all())
        return Facet(
            field=self.field,
            type=kind,
            values=tuple(
                FacetRange(
                    lower=bounds[place], upper=bounds[place + 1], includes_upper=place == last, count=counts[place]
                )
                for place in sorted(counts)
            ),
        )


def _bounds(lowest: Any, highest: Any) -> Sequence[Any]:
    if isinstance(lowest, datetime):
        return instant_bounds(lowest.astimezone(UTC), highest.astimezone(UTC))
    return number_bounds(float(lowest), float(highest))
