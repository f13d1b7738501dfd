"""Values of one field, of those products that are counted: the same rows whether a column or an attribute has them."""

from collections.abc import Sequence
from typing import Any

import attrs
from sqlalchemy import Double, FromClause, Select, case, cast, func, literal, null, select

from adapters.persistence.searching.numbers import is_among
from adapters.persistence.searching.ordering import COLUMNS
from adapters.persistence.searching.search import Asking
from adapters.persistence.tables import product, product_attribute
from adapters.persistence.types import KeyText, UTCDateTime
from adapters.persistence.visibility import has_data_right
from domain.attributes import RAWDATA, Kind
from domain.search import Field

_NAMES = ("product_id", "kind", "text_value", "folded", "number_value", "instant_value")


@attrs.frozen(kw_only=True)
class Counted:
    """The numbers of what is found, up to as many as are counted; ``is_all`` when there are no more."""

    asking: Asking
    numbers: Sequence[int]
    is_all: bool

    @classmethod
    async def of(cls, asking: Asking) -> "Counted":
        """Those that are found first."""
        most = asking.most_counted
        query = select(asking.row.c.id).where(*asking.found()).limit(most + 1)
        numbers = list((await asking.transaction.read(query)).scalars())
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

    async def values(self, field: Field) -> FromClause:
        """Rows of ``product_id``, ``kind``, ``text_value``, ``folded``, ``number_value`` and ``instant_value``."""
        numbers = await self.with_data_right() if field.path == RAWDATA else self.numbers
        dialect = self.asking.transaction.dialect
        if field.path in COLUMNS:
            return _of_column(field.path).where(is_among(dialect, product.c.id, numbers)).subquery()
        row = product_attribute
        return (
            select(*(row.c[name] for name in _NAMES))
            .where(is_among(dialect, row.c.product_id, numbers), row.c.path == field.path)
            .subquery()
        )


def distinct_products(values: FromClause) -> Any:
    """How many products there are among rows of values."""
    return func.count(values.c.product_id.distinct())


def _of_column(path: str) -> Select[Any]:
    column: Any = product.c[COLUMNS[path]]
    kind, text, number = Kind.TEXT, column, cast(null(), Double)
    match path:
        case "version":
            kind, text, number = Kind.NUMBER, cast(null(), KeyText), cast(column, Double)
        case "last":
            kind, text = Kind.BOOLEAN, case((column, "true"), else_="false")
    return select(
        product.c.id.label("product_id"),
        literal(kind.value).label("kind"),
        text.label("text_value"),
        # Of columns nobody keeps the text regardless of case: whoever needs it folds what they read.
        cast(null(), KeyText).label("folded"),
        number.label("number_value"),
        cast(null(), UTCDateTime).label("instant_value"),
    )
