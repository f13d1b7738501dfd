"""Figures of what a search finds, said once more and plainly: the oracle of every adapter that counts."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

from application.ports.search_figures import CommonAttribute, FieldBounds, FileFigures, FoundValue
from domain.attributes import RAWDATA, Attribute, Kind, attributes_of, folded, number_text
from domain.facets import (
    MOST_WORDS,
    Facet,
    FacetRange,
    FacetType,
    FacetWord,
    instant_bounds,
    number_bounds,
)
from domain.file import DataType
from domain.product import Product
from domain.search import STATIC_FIELDS, Equals, Field
from tests.search_reference import fits

TYPES = {
    Kind.TEXT: FacetType.STRING,
    Kind.NUMBER: FacetType.NUMERIC,
    Kind.INSTANT: FacetType.DATE,
    Kind.BOOLEAN: FacetType.BOOLEAN,
}


def values_in(product: Product, field: Field) -> list[Attribute]:
    """The values of a field of one product, columns included."""
    path = field.path
    names = {
        "id": str(product.urn),
        "virtualId": str(product.virtual_id),
        "providerId": product.provider_id,
        "model": product.model,
    }
    if path in names:
        return [Attribute(path=path, ordinal=0, kind=Kind.TEXT, text=names[path])]
    if path == "version":
        return [Attribute(path=path, ordinal=0, kind=Kind.NUMBER, number=float(product.version))]
    if path == "last":
        return [Attribute(path=path, ordinal=0, kind=Kind.BOOLEAN, text=str(product.is_last).lower())]
    return [value for value in attributes_of(product) if value.path == path]


def facet_of(products: Sequence[Product], field: Field) -> Facet:
    """``products`` are all that is found; of protected names, those of which they may be told."""
    kinds = Counter(kind for product in products for kind in {value.kind for value in values_in(product, field)})
    if not kinds:
        return Facet(field=field, type=FacetType.STRING, values=())
    kind = TYPES[min(kinds, key=lambda each: (-kinds[each], each.value))]
    have = [product for product in products if values_in(product, field)]
    if kind in {FacetType.NUMERIC, FacetType.DATE}:
        return Facet(field=field, type=kind, values=_ranges(have, field, kind))
    texts = ["true", "false"] if kind is FacetType.BOOLEAN else _commonest(have, field)
    finds = {text: {p.urn for p in have if fits(Equals(field, text), p)} for text in texts}
    words = [FacetWord(text=text, count=len(urns)) for text, urns in finds.items() if urns]
    words.sort(key=lambda word: (-word.count, word.text))
    listed = set().union(*finds.values())
    return Facet(field=field, type=kind, values=tuple(words), others=len(have) - len(listed))


def _commonest(products: Sequence[Product], field: Field) -> list[str]:
    counts: Counter[str] = Counter()
    for product in products:
        counts.update({value.text for value in values_in(product, field) if value.text is not None})
    return sorted(counts, key=lambda text: (-counts[text], text))[:MOST_WORDS]


def _ranges(products: Sequence[Product], field: Field, kind: FacetType) -> tuple[FacetRange, ...]:
    of = {product.urn: _ordered(product, field, kind) for product in products}
    every = [value for values in of.values() for value in values]
    bounds = (number_bounds if kind is FacetType.NUMERIC else instant_bounds)(min(every), max(every))
    found = []
    for place, (lower, upper) in enumerate(pairwise(bounds)):
        is_last = place == len(bounds) - 2
        count = sum(
            any(lower <= value and (value < upper or (is_last and value == upper)) for value in values)
            for values in of.values()
        )
        if count:
            found.append(FacetRange(lower=lower, upper=upper, includes_upper=is_last, count=count))
    return tuple(found)


def _ordered(product: Product, field: Field, kind: FacetType) -> list:
    name = "number" if kind is FacetType.NUMERIC else "instant"
    return [getattr(value, name) for value in values_in(product, field) if getattr(value, name) is not None]


def values_of(products: Sequence[Product], field: Field, limit: int, part: str | None) -> tuple[FoundValue, ...]:
    counts: Counter[str] = Counter()
    for product in products:
        values = values_in(product, field)
        written = {value.text for value in values if value.text is not None}
        written |= {number_text(value.number) for value in values if value.number is not None}
        counts.update(text for text in written if not part or folded(part) in folded(text))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FoundValue(value=text, count=count) for text, count in ranked[:limit])


def bounds_of(products: Sequence[Product], fields: Sequence[Field]) -> tuple[FieldBounds, ...]:
    found = []
    for field in fields:
        for kind in (FacetType.NUMERIC, FacetType.DATE):
            values = [value for product in products for value in _ordered(product, field, kind)]
            if values:
                found.append(FieldBounds(field=field, type=kind, lower=min(values), upper=max(values)))
    return tuple(found)


def attributes_in_common(products: Sequence[Product]) -> tuple[CommonAttribute, ...]:
    if not products:
        return ()
    paths = set.intersection(*({value.path for value in attributes_of(product)} for product in products))
    return tuple(
        CommonAttribute(
            field=Field(path),
            types=tuple(
                TYPES[kind]
                for kind in TYPES
                if any(value.kind is kind for product in products for value in values_in(product, Field(path)))
            ),
        )
        for path in sorted(paths - STATIC_FIELDS)
        if all(path.split("."))
    )


def files_by_type(
    products: Sequence[Product], may_have: Collection[Product], kinds: Collection[DataType]
) -> dict[DataType, FileFigures]:
    allowed = {product.urn for product in may_have}
    entries = [
        entry
        for product in products
        for entry in product.files
        if entry.data_type in kinds and (entry.data_type is not DataType.RAWDATA or product.urn in allowed)
    ]
    return {
        kind: FileFigures(
            files=len(own),
            size_bytes=sum(entry.size_bytes or 0 for entry in own),
            without_size=sum(entry.size_bytes is None for entry in own),
        )
        for kind in sorted({entry.data_type for entry in entries})
        if (own := [entry for entry in entries if entry.data_type is kind])
    }


def told_of(products: Sequence[Product], may_have: Collection[Product], field: Field) -> list[Product]:
    """Those that count for a field: names of protected files are told to those only who may have them."""
    allowed = {product.urn for product in may_have}
    return [product for product in products if field.path != RAWDATA or product.urn in allowed]
