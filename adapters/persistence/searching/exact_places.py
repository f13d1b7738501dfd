"""Exact places: the index of boxes finds candidates, their geometries decide.

The products that meet a place are found before the search itself, as numbers, so that its pages and totals are those of
any other. What all this may cost is limited, in products and in the size of their geometries; beyond, the search is
refused and never answered in part.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import anyio.to_thread
import attrs
from sqlalchemy import Select, Text, cast, select

from adapters.persistence.searching.numbers import is_among
from adapters.persistence.searching.whole_products import NumbersByPlace
from adapters.persistence.tables import product
from adapters.persistence.transaction import Transaction
from application.ports.shapes import Shapes
from domain.search import AllOf, AnyOf, Criterion, Meets, QueryInvalid, in_boxes, within

_AT_ONCE = 1_000


@attrs.frozen(kw_only=True)
class PlaceLimits:
    """What one search compares: products whose box meets that of a place, and characters of their GeoJSON."""

    products: int = 10_000
    characters: int = 64 * 1024 * 1024


def candidates(criterion: Criterion, places: Sequence[Meets]) -> Criterion:
    """What may be found by its place: as the search asks, with boxes for places, and in one of these.

    Where every product that is found meets one place, its boxes are asked for already; said twice, they would seem to
    find fewer than they do, and be looked for first.
    """
    boxed = in_boxes(criterion)
    is_met_by_all = isinstance(criterion, Meets) or (
        isinstance(criterion, AllOf) and any(isinstance(part, Meets) for part in criterion.criteria)
    )
    return boxed if is_met_by_all else AllOf((AnyOf(tuple(within(each.place) for each in places)), boxed))


async def numbers_by_place(
    transaction: Transaction,
    shapes: Shapes,
    places: Sequence[Meets],
    query: Select[tuple[int]],
    limits: PlaceLimits,
) -> NumbersByPlace:
    """For each place, which of the products that the query numbers meet it. Raises ``QueryInvalid`` for too many."""
    numbers = list((await transaction.read(query.limit(limits.products + 1))).scalars())
    if len(numbers) > limits.products:
        raise QueryInvalid(
            f"More than {limits.products} products may lie at this place: narrow the search by a smaller place, by a "
            "time or by another criterion, or ask by bbox, which compares boxes only."
        )
    met: dict[Meets, list[int]] = {place: [] for place in places}
    characters = 0
    for first in range(0, len(numbers), _AT_ONCE):
        some = await _geometries(transaction, numbers[first : first + _AT_ONCE])
        characters += sum(len(geometry) for _, geometry in some)
        if characters > limits.characters:
            raise QueryInvalid("The geometries of the products at this place are too large to be compared: narrow it.")
        wanted = [place.place for place in places]
        answers = await anyio.to_thread.run_sync(shapes.meeting, wanted, [geometry for _, geometry in some])
        for place, answer in zip(places, answers, strict=True):
            met[place].extend(_those(some, answer))
    return met


def _those(some: Sequence[tuple[int, str]], answer: Sequence[bool]) -> Iterable[int]:
    return (number for (number, _), is_met in zip(some, answer, strict=True) if is_met)


async def _geometries(transaction: Transaction, numbers: Sequence[int]) -> list[tuple[int, str]]:
    query = select(product.c.id, cast(product.c.geometry, Text)).where(
        is_among(transaction.dialect, product.c.id, numbers), product.c.geometry.is_not(None)
    )
    rows: Any = await transaction.read(query)
    return [(number, geometry) for number, geometry in rows]
