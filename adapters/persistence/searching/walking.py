"""The first of very many in an order: found along the index of the order, as far as looking there is worth it.

The first ``step`` rows of the index are taken, and of these what was asked for is kept. That may be nothing: what is
found may stand far from either end (the newest products of a platform that was switched off years ago). Then all of it
is put in order instead, which takes as long as there is much of it, and no longer.
"""

from collections.abc import Iterator
from typing import Any

import attrs
from sqlalchemy import ColumnElement, FromClause, Select, select

from adapters.persistence.searching.ordering import (
    COLUMNS,
    INDEXED,
    TYPED,
    first_value,
    has_no_value,
    is_by_column,
    order_keys,
    sorted_by,
)
from adapters.persistence.tables import product, product_attribute
from adapters.persistence.transaction import Transaction
from domain.search import Sorting


@attrs.frozen(kw_only=True)
class Lookahead:
    """How many rows of an index are looked at: so many for each product wanted, and a few more if that is in vain."""

    least: int = 4_000
    more: int = 32_000
    most: int = 250_000
    rows_for_one: int = 4

    def steps(self, wanted: int) -> list[int]:
        """At first, and then; none where putting everything in order takes no longer."""
        first = max(self.least, wanted * self.rows_for_one)
        return [step for step in sorted({first, self.more}) if first <= step <= self.most]


@attrs.frozen(kw_only=True)
class _Line:
    """Rows as they stand in one index: a value, and the number of the product that has it."""

    value: ColumnElement[Any]
    number: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...]
    is_descending: bool

    def ordered(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return value.desc() if self.is_descending else value.asc()

    def comes_before(self, value: ColumnElement[Any], other: object) -> ColumnElement[bool]:
        return value > other if self.is_descending else value < other


@attrs.frozen(kw_only=True)
class Walk:
    """Products of ``row`` for which ``found`` holds, in the order of ``sorting``, equals in that of their URNs."""

    transaction: Transaction
    tenant: str
    row: FromClause
    found: tuple[ColumnElement[bool], ...]
    sorting: tuple[Sorting, ...]
    lookahead: Lookahead

    async def page(self, offset: int, limit: int) -> list[str]:
        """URNs of one part."""
        if self._is_by_urn:
            return await self._by_urn(limit, offset)
        wanted = offset + limit
        for step in self.lookahead.steps(wanted):
            first = await self.first(wanted, step)
            if first is not None:
                return first[offset:]
        return await self._sorted(limit, offset)

    async def first(self, wanted: int, step: int) -> list[str] | None:
        """So many URNs from the beginning; ``None`` where they stand farther along an index than ``step`` rows."""
        if self._is_by_urn:
            return await self._by_urn(wanted)
        if is_by_column(self.sorting[0]) and self.sorting[0].field.path not in INDEXED:
            return None
        taken: list[str] = []
        for line in self._lines():
            end = await self._end(line, step)
            taken += await self._before(line, end, step, wanted - len(taken))
            if len(taken) == wanted:
                return taken
            if end is not None:
                # Many may have the very value where the step ends, as of a property with few values.
                equals = select(line.number).where(*line.conditions, line.value == end)
                rest = await self._rest(self.row.c.id.in_(equals)).first(wanted - len(taken), step)
                return [*taken, *rest] if rest is not None and len(taken) + len(rest) == wanted else None
        if is_by_column(self.sorting[0]):
            return taken
        rest = await self._rest(has_no_value(self.tenant, self.row, self.sorting[0])).first(wanted - len(taken), step)
        return None if rest is None else [*taken, *rest]

    async def _end(self, line: _Line, step: int) -> Any:
        """The value behind so many rows; ``None`` where there are fewer."""
        query = select(line.value).where(*line.conditions).order_by(line.ordered(line.value)).offset(step).limit(1)
        return (await self.transaction.read(query)).scalar_one_or_none()

    async def _before(self, line: _Line, end: Any, step: int, wanted: int) -> list[str]:
        """Those that stand before that value, in order."""
        numbers = select(line.number.label("id"), line.value.label("value")).where(*line.conditions)
        numbers = numbers.order_by(line.ordered(line.value)).limit(step)
        ahead = numbers.cte("ahead").prefix_with("MATERIALIZED", dialect="postgresql")
        source, others = order_keys(
            self.tenant, self.row.join(ahead, ahead.c.id == self.row.c.id), self.row, self.sorting[1:]
        )
        query = select(self.row.c.urn).select_from(source).where(*self.found)
        if end is not None:
            query = query.where(line.comes_before(ahead.c.value, end))
        return await self._read(query.order_by(line.ordered(ahead.c.value), *others, self.row.c.urn), wanted)

    def _lines(self) -> Iterator[_Line]:
        """One behind the other: of a property its numbers, then its instants, then its other texts."""
        key = self.sorting[0]
        if is_by_column(key):
            other = product.alias("other")
            yield _Line(
                value=other.c[COLUMNS[key.field.path]],
                number=other.c.id,
                conditions=(other.c.tenant == self.tenant,),
                is_descending=key.is_descending,
            )
            return
        for typed in TYPED:
            value = product_attribute.alias("other")
            conditions = [first_value(self.tenant, value, key), value.c[typed].is_not(None)]
            if typed == "folded":
                conditions.append(value.c.instant_value.is_(None))
            yield _Line(
                value=value.c[typed],
                number=value.c.product_id,
                conditions=tuple(conditions),
                is_descending=key.is_descending,
            )

    def _rest(self, condition: ColumnElement[bool]) -> "Walk":
        """Of what the first key has no more to say on."""
        return attrs.evolve(self, found=(*self.found, condition), sorting=self.sorting[1:])

    @property
    def _is_by_urn(self) -> bool:
        return not self.sorting or self.sorting[0].field.path == "id"

    async def _by_urn(self, limit: int, offset: int = 0) -> list[str]:
        """PostgreSQL knows how to choose here: what stands side by side in this order has nothing else in common."""
        urn = self.row.c.urn
        order = urn.desc() if self.sorting and self.sorting[0].is_descending else urn.asc()
        return await self._read(select(urn).where(*self.found).order_by(order), limit, offset)

    async def _sorted(self, limit: int, offset: int) -> list[str]:
        some = select(self.row.c.id).where(*self.found).cte("some").prefix_with("MATERIALIZED", dialect="postgresql")
        return await self._read(sorted_by(self.tenant, self.row, some, self.sorting), limit, offset)

    async def _read(self, query: Select[Any], limit: int, offset: int = 0) -> list[str]:
        return list((await self.transaction.read(query.offset(offset).limit(limit))).scalars())
