"""What the values of one field amount to: a facet, the commonest values, bounds."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs

from domain.attributes import Kind, folded, number_of, number_text
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


@attrs.frozen
class CountedValue:
    """One value of a field of one product, which is named by a number; see ``Attribute``."""

    product: int
    kind: Kind
    text: str | None
    number: float | None
    instant: datetime | None


_Products = dict[Any, set[int]]


def facet_of(field: Field, values: Sequence[CountedValue]) -> Facet:
    """The facet of a field with these values; its type is that of most products."""
    kinds = _grouped((value.kind, value) for value in values)
    if not kinds:
        return Facet(field=field, type=FacetType.STRING, values=())
    kind = TYPES[min(kinds, key=lambda each: (-len(kinds[each]), each.value))]
    match kind:
        case FacetType.NUMERIC:
            numbers = _grouped((value.number, value) for value in values)
            return Facet(field=field, type=kind, values=_ranges(numbers, number_bounds(min(numbers), max(numbers))))
        case FacetType.DATE:
            instants = _grouped((value.instant, value) for value in values)
            return Facet(field=field, type=kind, values=_ranges(instants, instant_bounds(min(instants), max(instants))))
        case _:
            return _words(field, kind, values)


def commonest(values: Sequence[CountedValue], *, limit: int, part: str | None) -> list[tuple[str, int]]:
    """Texts and numbers, as they are written, with how many products have each, the commonest first."""
    texts = _grouped((value.text, value) for value in values)
    for number, products in _grouped((value.number, value) for value in values).items():
        texts.setdefault(number_text(number), set()).update(products)
    found = [(text, len(products)) for text, products in texts.items() if not part or folded(part) in folded(text)]
    return sorted(found, key=lambda each: (-each[1], each[0]))[:limit]


def bounds_of(values: Sequence[CountedValue]) -> dict[FacetType, tuple[Any, Any]]:
    """The least and the greatest number, and instant, as far as there are any."""
    numbers = [value.number for value in values if value.number is not None]
    instants = [value.instant for value in values if value.instant is not None]
    found: dict[FacetType, tuple[Any, Any]] = {}
    if numbers:
        found[FacetType.NUMERIC] = (min(numbers), max(numbers))
    if instants:
        found[FacetType.DATE] = (min(instants), max(instants))
    return found


def _grouped(keyed: Iterable[tuple[Any, CountedValue]]) -> _Products:
    found: _Products = defaultdict(set)
    for key, value in keyed:
        if key is not None:
            found[key].add(value.product)
    return dict(found)


def _words(field: Field, kind: FacetType, values: Sequence[CountedValue]) -> Facet:
    """Each text counts what its query finds: also products with the number, or the instant, that it writes."""
    texts = _grouped((value.text, value) for value in values)
    numbers = _grouped((value.number, value) for value in values)
    instants = _grouped((value.instant, value) for value in values)
    listed = ["true", "false"] if kind is FacetType.BOOLEAN else _first(texts)
    finds = {
        text: texts.get(text, set()) | numbers.get(number_of(text), set()) | instants.get(instant(text), set())
        for text in listed
    }
    words = [FacetWord(text=text, count=len(products)) for text, products in finds.items() if products]
    words.sort(key=lambda word: (-word.count, word.text))
    others = {value.product for value in values}.difference(*finds.values())
    return Facet(field=field, type=kind, values=tuple(words), others=len(others))


def _first(texts: _Products) -> list[str]:
    return sorted(texts, key=lambda text: (-len(texts[text]), text))[:MOST_WORDS]


def _ranges(values: _Products, bounds: Sequence[Any]) -> tuple[FacetRange, ...]:
    last = len(bounds) - 2
    placed: dict[int, set[int]] = defaultdict(set)
    for value, products in values.items():
        placed[min(last, bisect_right(bounds, value) - 1)] |= products
    return tuple(
        FacetRange(lower=bounds[place], upper=bounds[place + 1], includes_upper=place == last, count=len(placed[place]))
        for place in sorted(placed)
    )
