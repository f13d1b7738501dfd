"""Figures of everything that a search finds: facets, values, bounds, attributes, files, datasets."""

from collections.abc import Collection, Sequence
from functools import partial

import anyio.to_thread
import attrs

from adapters.persistence.searching.bounds import field_bounds
from adapters.persistence.searching.contents import common_attributes, summary_of
from adapters.persistence.searching.counted import Counted
from adapters.persistence.searching.datasets import datasets_with
from adapters.persistence.searching.search import SqlProductSearch
from application.ports.search import FoundPage, SearchRequest
from application.ports.search_figures import (
    CommonAttribute,
    FieldBounds,
    FoundSummary,
    FoundValue,
    SearchFigures,
)
from domain.counted_values import commonest, facet_of
from domain.facets import Facet, FacetType
from domain.file import DataType
from domain.search import Field, IsVersionOf
from domain.urn import EntityType


@attrs.frozen
class SqlSearchFigures(SearchFigures):
    """Figures of what a search over SQL finds; nobody who sees nothing is told of anything."""

    search: SqlProductSearch

    async def facets(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[Facet, ...]:
        """The values of each field."""
        async with self.search.asking(request) as asking:
            if asking is None:
                return tuple(Facet(field=field, type=FacetType.STRING, values=()) for field in fields)
            counted = await Counted.of(asking)
            return tuple([await _facet(counted, field) for field in fields])

    async def values(
        self, request: SearchRequest, field: Field, *, limit: int, part: str | None = None
    ) -> tuple[FoundValue, ...]:
        """The commonest values of a field."""
        async with self.search.asking(request) as asking:
            if asking is None:
                return ()
            values = await (await Counted.of(asking)).values(field)
            counting = partial(commonest, values.values, limit=limit, part=part)
            found = await anyio.to_thread.run_sync(counting)
            return tuple(FoundValue(value=value, count=count) for value, count in found)

    async def bounds(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[FieldBounds, ...]:
        """The bounds of attributes."""
        async with self.search.asking(request) as asking:
            if asking is None:
                return ()
            counted = await Counted.of(asking)
            return tuple([bounds for field in fields for bounds in await field_bounds(counted, field)])

    async def attributes(self, request: SearchRequest) -> tuple[CommonAttribute, ...]:
        """The attributes that all have."""
        async with self.search.asking(request) as asking:
            return () if asking is None else await common_attributes(await Counted.of(asking))

    async def summary(self, request: SearchRequest, data_types: Collection[DataType]) -> FoundSummary:
        """Products and files."""
        async with self.search.asking(request) as asking:
            if asking is None:
                return FoundSummary(products=0, is_complete=True, by_type={})
            return await summary_of(await Counted.of(asking), data_types)

    async def datasets(self, request: SearchRequest) -> FoundPage:
        """One page of the datasets of what is found."""
        async with self.search.asking(request) as asking:
            if asking is None:
                return FoundPage(items=(), total=0)
            names = await datasets_with(await Counted.of(asking))
        return await self.search.page(
            attrs.evolve(request, criterion=IsVersionOf(names), kinds=frozenset({EntityType.DATASET}), dataset=None)
        )


async def _facet(counted: Counted, field: Field) -> Facet:
    """Beside the event loop: there may be very many values."""
    values = await counted.values(field)
    return await anyio.to_thread.run_sync(facet_of, field, values.values)
