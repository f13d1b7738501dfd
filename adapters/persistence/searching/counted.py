"""The products that are counted, and their values of one field, whether a column or an attribute has them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
import attrs
from sqlalchemy import Select, select

from adapters.persistence.searching.numbers import is_among
from adapters.persistence.searching.ordering import COLUMNS
from adapters.persistence.searching.search import Asking
from adapters.persistence.tables import product, product_attribute
from adapters.persistence.visibility import has_data_right
from domain.attributes import RAWDATA, Kind
from domain.counted_values import CountedValue
from domain.search import Field

MOST_VALUES = 100_000
"""Values of one field that are looked at; of more, those of the products that come first."""


@attrs.frozen(kw_only=True)
class FieldValues:
    """Values of a field; ``is_all`` unless there are more than are looked at."""

    values: Sequence[CountedValue]
    is_all: bool


@attrs.frozen(kw_only=True)
class Counted:
    """The numbers of what is found, up to as many as are counted; ``is_all`` when there are no more."""

    asking: Asking
    numbers: Sequence[int]
    is_all: bool
    most_values: int = MOST_VALUES

    @classmethod
    async def of(cls, asking: Asking) -> "Counted":
        """Those that are found first."""
        numbers = await asking.numbers()
        most = asking.most_counted
        return cls(asking=asking, numbers=numbers[:most], is_all=len(numbers) <= most)

    async def with_data_right(self) -> Sequence[int]:
        """Those of whose protected files the caller may know (R6)."""
        asking = self.asking
        if asking.granted is None or not self.numbers:
            return self.numbers
        query = select(product.c.id).where(
            is_among(asking.transaction.dialect, product.c.id, self.numbers),
            has_data_right(asking.transaction.dialect, product, asking.tenant, asking.granted),
        )
        return list((await asking.transaction.read(query)).scalars())

    async def values(self, field: Field) -> FieldValues:
        """The values of a field; of its products one after the other, none in part."""
        numbers = await self.with_data_right() if field.path == RAWDATA else self.numbers
        if not numbers:
            return FieldValues(values=(), is_all=True)
        is_column = field.path in COLUMNS
        query = self._of_column(field.path, numbers) if is_column else self._of_attribute(field.path, numbers)
        rows: Any = (await self.asking.transaction.read(query)).all()
        is_all = len(rows) <= self.most_values
        if not is_all:
            cut = rows[-1][0]
            rows = [row for row in rows if row[0] != cut]
        values = await anyio.to_thread.run_sync(_values, field.path, rows)
        return FieldValues(values=values, is_all=is_all)

    def _of_column(self, path: str, numbers: Sequence[int]) -> Select[Any]:
        own = is_among(self.asking.transaction.dialect, product.c.id, numbers)
        return select(product.c.id, product.c[COLUMNS[path]]).where(own).order_by(product.c.id)

    def _of_attribute(self, path: str, numbers: Sequence[int]) -> Select[Any]:
        row = product_attribute
        return (
            select(row.c.product_id, row.c.kind, row.c.text_value, row.c.number_value, row.c.instant_value)
            .where(is_among(self.asking.transaction.dialect, row.c.product_id, numbers), row.c.path == path)
            .order_by(row.c.product_id)
            .limit(self.most_values + 1)
        )


def _values(path: str, rows: Sequence[Any]) -> Sequence[CountedValue]:
    read = _value_of_column if path in COLUMNS else _value_of_attribute
    return [read(path, *row) for row in rows]


def _value_of_column(path: str, number: int, value: Any) -> CountedValue:
    match path:
        case "version":
            return CountedValue(number, Kind.NUMBER, None, float(value), None)
        case "last":
            return CountedValue(number, Kind.BOOLEAN, str(bool(value)).lower(), None, None)
        case _:
            return CountedValue(number, Kind.TEXT, value, None, None)


def _value_of_attribute(
    _path: str, product_number: int, kind: str, text: str | None, number: float | None, at: datetime | None
) -> CountedValue:
    # SQLite knows whole numbers, and gives them back as such.
    exact = None if number is None else float(number)
    return CountedValue(product_number, Kind(kind), text, exact, None if at is None else at.astimezone(UTC))
