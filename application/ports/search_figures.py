"""What can be said of everything that a search finds, not of one page of it."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from application.ports.search import FoundPage, SearchRequest
from domain.facets import Facet, FacetType
from domain.file import DataType
from domain.search import Field


@attrs.frozen(kw_only=True)
class FoundValue:
    """One value of a field, and how many products of what was found have it."""

    value: str
    count: int


@attrs.frozen(kw_only=True)
class FieldBounds:
    """The least and the greatest value of a field; its numbers and its instants each have bounds of their own."""

    field: Field
    type: FacetType
    lower: float | datetime
    upper: float | datetime


@attrs.frozen(kw_only=True)
class CommonAttribute:
    """An attribute that every one of the products has, and what its values are."""

    field: Field
    types: tuple[FacetType, ...]


@attrs.frozen(kw_only=True)
class FileFigures:
    """Files of one data type: how many, their sizes added, and how many of them do not say their size."""

    files: int
    size_bytes: int
    without_size: int


@attrs.frozen(kw_only=True)
class FoundSummary:
    """Products and their files by data type. ``is_complete`` is false where only the first ones were counted."""

    products: int
    is_complete: bool
    by_type: Mapping[DataType, FileFigures]


class SearchFigures(Protocol):
    """Figures of what a caller finds; the page and the order that a request names do not matter.

    Rights are those of this moment. Names and sizes of protected files (R6) count for those only who may have them. All
    methods raise ``QueryInvalid`` for what cannot be asked, or would take too long, and ``DatabaseUnavailable``.
    """

    @abstractmethod
    async def facets(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[Facet, ...]:
        """The values of each field, in the order of the fields; of more products than are counted, of some of them.

        The type is that of most values. A field that nothing has a value of is an empty facet of texts. The
        ``geometry`` has no values to count.
        """

    @abstractmethod
    async def values(
        self, request: SearchRequest, field: Field, *, limit: int, part: str | None = None
    ) -> tuple[FoundValue, ...]:
        """The commonest values of a field, commonest first; numbers are written as JSON writes them.

        ``part`` narrows to those with this in them, in any case. Of more products than are counted, of some of them.
        """

    @abstractmethod
    async def bounds(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[FieldBounds, ...]:
        """The bounds of attributes among everything that is found, however much; none for what has no such values."""

    @abstractmethod
    async def attributes(self, request: SearchRequest) -> tuple[CommonAttribute, ...]:
        """The attributes that all have, by path; of more products than are counted, that all of some of them have."""

    @abstractmethod
    async def summary(self, request: SearchRequest, data_types: Collection[DataType]) -> FoundSummary:
        """How many products and files, and how large, of these data types; of many products, of those counted."""

    @abstractmethod
    async def datasets(self, request: SearchRequest) -> FoundPage:
        """One page, in order, of the datasets that at least one of the found products is part of."""
