"""What a search asks for: criteria over catalogued products (contract-catalog section 4.2).

A criterion is a value. Where it came from (a Lucene query, STAC parameters), and how it is answered (SQL), is for
adapters.
"""

from collections.abc import Iterator
from datetime import datetime

import attrs

from domain.errors import DomainError, InvalidValue
from domain.expression import expression
from domain.places import Box, ExactPlace
from domain.urn import EntityType, Urn

LONGEST_QUERY = 4096
"""Characters."""
MOST_CRITERIA = 200
DEEPEST_QUERY = 20

STATIC_FIELDS = frozenset(
    {"id", "virtualId", "providerId", "label", "model", "tags", "version", "last", "rawdata", "geometry"}
)
"""Fields of every product; all others are attributes below ``properties``."""

PROPERTIES = "properties."


class QueryInvalid(DomainError):
    """The query cannot be read; ``position`` is the character, from 0, where reading ended, if it is known."""

    code = "query-invalid"

    def __init__(self, message: str, position: int | None = None) -> None:
        where = "" if position is None else f" (at character {position + 1})"
        super().__init__(f"{message}{where}")
        self.position = position


@attrs.frozen
class Field:
    """A static field by its name, or an attribute by its path below ``properties``, names joined by dots."""

    path: str

    def __attrs_post_init__(self) -> None:
        if not self.path or any(not name for name in self.path.split(".")) or "\x00" in self.path:
            raise InvalidValue("A field has a name, or several that are joined by single dots.")

    @classmethod
    def named(cls, name: str) -> "Field":
        """The field that a query names; ``properties.x`` and ``x`` are the same attribute."""
        return cls(name.removeprefix(PROPERTIES))

    @property
    def is_static(self) -> bool:
        """Whether every product has it."""
        return self.path in STATIC_FIELDS


@attrs.frozen
class Equals:
    """The whole value is this text, or the number or the truth value that it writes."""

    field: Field
    value: str


@attrs.frozen
class HasWords:
    """A text holds all these words, in any case; any other value is as for ``Equals``."""

    field: Field
    words: str


@attrs.frozen
class Like:
    r"""The whole text fits the pattern, in any case: ``*`` is any text, ``?`` any character; ``\\`` escapes."""

    field: Field
    pattern: str


@attrs.frozen
class FitsExpression:
    """The whole text fits the regular expression (``domain.expression``)."""

    field: Field
    expression: str

    def __attrs_post_init__(self) -> None:
        expression(self.expression)


@attrs.frozen(kw_only=True)
class Between:
    """A number, an instant or a text in a range; ``None`` is open."""

    field: Field
    lower: str | None
    upper: str | None
    includes_lower: bool = True
    includes_upper: bool = True


@attrs.frozen
class Exists:
    """The field has a value."""

    field: Field


@attrs.frozen(kw_only=True)
class Touches(Box):
    """The box around the geometry meets this one."""


@attrs.frozen
class Meets:
    """The geometry itself meets this place. It is never negated: what has no geometry is nowhere."""

    place: ExactPlace


@attrs.frozen
class IsOneOf:
    """The product has one of these URNs, versions written out."""

    urns: tuple[Urn, ...]


@attrs.frozen
class IsVersionOf:
    """The product is a version of one of these, named by their virtual ids."""

    virtual_ids: tuple[str, ...]


@attrs.frozen
class InDataset:
    """The product is part of the dataset, in whichever version of it."""

    dataset: Urn

    def __attrs_post_init__(self) -> None:
        if self.dataset.entity_type is not EntityType.DATASET:
            raise InvalidValue(f"{self.dataset} names no dataset.")


@attrs.frozen
class KnownBy:
    """The product was registered by then."""

    at: datetime


@attrs.frozen(kw_only=True)
class Overlaps:
    """The product's time meets this one; ``None`` is open."""

    start: datetime | None
    end: datetime | None

    def __attrs_post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidValue("A time begins before it ends.")


@attrs.frozen
class AllOf:
    """Every one holds; of none, that is always."""

    criteria: "tuple[Criterion, ...]"


@attrs.frozen
class AnyOf:
    """One holds; of none, that is never."""

    criteria: "tuple[Criterion, ...]"


@attrs.frozen
class Not:
    """It does not hold."""

    criterion: "Criterion"


OnField = Equals | HasWords | Like | FitsExpression | Between | Exists
OnProduct = Touches | Overlaps | Meets | IsOneOf | IsVersionOf | InDataset | KnownBy
Criterion = OnField | OnProduct | AllOf | AnyOf | Not

EVERYTHING = AllOf(())


@attrs.frozen(kw_only=True)
class Sorting:
    """One key of an order."""

    field: Field
    is_descending: bool = False


def size(criterion: Criterion) -> int:
    """How many criteria it is made of."""
    if isinstance(criterion, AllOf | AnyOf):
        return 1 + sum(size(part) for part in criterion.criteria)
    return 1 + size(criterion.criterion) if isinstance(criterion, Not) else 1


def exact_places(criterion: Criterion) -> tuple[Meets, ...]:
    """Every exact place in it, each once. Raises ``InvalidValue`` for one that is negated."""
    return tuple(dict.fromkeys(_exact_places(criterion, is_negated=False)))


def in_boxes(criterion: Criterion) -> Criterion:
    """What is asked, with boxes in place of the exact places in them: it finds as much, or more."""
    match criterion:
        case Meets(place):
            return within(place)
        case AllOf(parts):
            return AllOf(tuple(in_boxes(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(in_boxes(part) for part in parts))
        case _:
            return criterion


def within(place: ExactPlace) -> AnyOf:
    """The boxes around a place."""
    return AnyOf(tuple(Touches(west=b.west, south=b.south, east=b.east, north=b.north) for b in place.boxes))


def _exact_places(criterion: Criterion, *, is_negated: bool) -> Iterator[Meets]:
    match criterion:
        case Meets():
            if is_negated:
                raise InvalidValue("A place cannot be negated.")
            yield criterion
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _exact_places(part, is_negated=is_negated)
        case Not(inner):
            yield from _exact_places(inner, is_negated=True)
        case _:
            return
