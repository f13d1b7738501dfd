"""What a search asks for: criteria over catalogued products (contract-catalog section 4.2).

A criterion is a value. Where it came from (a Lucene query, STAC parameters), and how it is answered (SQL), is for
adapters.
"""

from datetime import datetime

import attrs

from domain.errors import DomainError, InvalidValue
from domain.expression import expression

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
class Touches:
    """The geometry meets this box of longitudes and latitudes, in degrees (WGS 84); ``west > east`` crosses 180."""

    west: float
    south: float
    east: float
    north: float

    def __attrs_post_init__(self) -> None:
        if not (-180 <= self.west <= 180 and -180 <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise InvalidValue("A box has longitudes from -180 to 180 and latitudes from -90 to 90, south first.")


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


Criterion = Equals | HasWords | Like | FitsExpression | Between | Exists | Touches | Overlaps | AllOf | AnyOf | Not

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
