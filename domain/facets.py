"""Facets: the values of one field among what was found, counted, each with the criterion that finds just these."""

import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

import attrs

from domain.search import Between, Equals, Field

MOST_FACETS = 20
"""Fields that one search counts."""
MOST_WORDS = 20
"""Texts of a facet, the commonest; what has none of them is among the others."""
MOST_RANGES = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_STEPS = tuple(
    timedelta(**{unit: number})
    for unit, numbers in (
        ("microseconds", [factor * 10**power for power in range(6) for factor in (1, 2, 5)]),
        ("seconds", [1, 2, 5, 10, 15, 30]),
        ("minutes", [1, 2, 5, 10, 15, 30]),
        ("hours", [1, 2, 3, 6, 12]),
        ("days", [1, 2, 5, 10]),
    )
    for number in numbers
)
_MONTHS = (1, 2, 3, 6, *(12 * factor * 10**power for power in range(4) for factor in (1, 2, 5)))


class FacetType(StrEnum):
    """What the values are (contract-catalog section 4.3)."""

    STRING = "STRING"
    NUMERIC = "NUMERIC"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"


@attrs.frozen(kw_only=True)
class FacetWord:
    """A text, and how many products have it; of a truth value it is ``true`` or ``false``."""

    text: str
    count: int

    def criterion(self, field: Field) -> Equals:
        """What finds these products."""
        return Equals(field, self.text)


@attrs.frozen(kw_only=True)
class FacetRange:
    """Numbers or instants from ``lower`` to ``upper``; the last range of a facet holds its upper bound, too."""

    lower: float | datetime
    upper: float | datetime
    includes_upper: bool
    count: int

    def criterion(self, field: Field) -> Between:
        """What finds these products."""
        return Between(
            field=field, lower=written(self.lower), upper=written(self.upper), includes_upper=self.includes_upper
        )


@attrs.frozen(kw_only=True)
class Facet:
    """One field. ``others`` counts the products that have a value, but none of those listed; ranges leave none out."""

    field: Field
    type: FacetType
    values: tuple[FacetWord | FacetRange, ...]
    others: int = 0


def written(bound: float | datetime) -> str:
    """A bound as queries write it, to the last digit."""
    return bound.isoformat() if isinstance(bound, datetime) else repr(bound)


def number_bounds(lowest: float, highest: float) -> tuple[float, ...]:
    """Round numbers that cut a span into at most ``MOST_RANGES`` ranges; twice the same for a single value."""
    if lowest == highest:
        return (lowest, highest)
    low, high = Decimal(lowest), Decimal(highest)
    step = next(step for step in _round_steps(high - low) if _count(low, high, step) <= MOST_RANGES)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    bounds = [_as_double((first + place) * step) for place in range(_count(low, high, step) + 1)]
    return tuple(sorted({bound for bound in bounds if not math.isinf(bound)}))


def instant_bounds(earliest: datetime, latest: datetime) -> tuple[datetime, ...]:
    """Round instants, in UTC, that cut a span into at most ``MOST_RANGES`` ranges; twice the same for a single one."""
    if earliest == latest:
        return (earliest, latest)
    for step in _STEPS:
        first, last = (earliest - _EPOCH) // step, -((_EPOCH - latest) // step)
        if last - first <= MOST_RANGES:
            return tuple(_within(first + place, step) for place in range(last - first + 1))
    for months in _MONTHS:
        first = _month(earliest) // months
        last = -(-(_month(latest) + (latest != _of_month(_month(latest)))) // months)
        if last - first <= MOST_RANGES:
            return tuple(_of_month((first + place) * months) for place in range(last - first + 1))
    raise AssertionError("the longest steps are longer than all of time")


def _round_steps(span: Decimal) -> Iterator[Decimal]:
    power = (span / MOST_RANGES).adjusted()
    while True:
        for factor in (1, 2, 5):
            yield Decimal(factor).scaleb(power)
        power += 1


def _count(low: Decimal, high: Decimal, step: Decimal) -> int:
    first = (low / step).to_integral_value(ROUND_FLOOR)
    return int((high / step).to_integral_value(ROUND_CEILING) - first)


def _as_double(number: Decimal) -> float:
    largest = sys.float_info.max
    return max(-largest, min(largest, float(number)))


def _within(steps: int, step: timedelta) -> datetime:
    try:
        return _EPOCH + steps * step
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if steps < 0 else _LATEST


def _month(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def _of_month(month: int) -> datetime:
    year, rest = divmod(month, 12)
    if year < 1:
        return datetime.min.replace(tzinfo=UTC)
    return _LATEST if year > 9999 else datetime(year, rest + 1, 1, tzinfo=UTC)
