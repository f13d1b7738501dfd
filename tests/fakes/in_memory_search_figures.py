"""Figures of searches over the in-memory tables, by the reference."""

from collections.abc import Collection, Sequence

import anyio.lowlevel
import attrs

from application.ports.search import FoundPage, SearchRequest
from application.ports.search_figures import CommonAttribute, FieldBounds, FoundSummary, FoundValue, SearchFigures
from domain.facets import Facet
from domain.file import DataType
from domain.rights import datasets_that_count
from domain.search import Field, IsVersionOf
from domain.urn import EntityType
from tests.fakes.in_memory_search import InMemoryProductSearch
from tests.figures_reference import attributes_in_common, bounds_of, facet_of, files_by_type, told_of, values_of


class InMemorySearchFigures(SearchFigures):
    def __init__(self, search: InMemoryProductSearch) -> None:
        self._search = search

    async def facets(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[Facet, ...]:
        found, allowed = await self._found(request)
        return tuple(facet_of(told_of(found, allowed, field), field) for field in fields)

    async def values(
        self, request: SearchRequest, field: Field, *, limit: int, part: str | None = None
    ) -> tuple[FoundValue, ...]:
        found, allowed = await self._found(request)
        return values_of(told_of(found, allowed, field), field, limit, part)

    async def bounds(self, request: SearchRequest, fields: Sequence[Field]) -> tuple[FieldBounds, ...]:
        found, _ = await self._found(request)
        return bounds_of(found, fields)

    async def attributes(self, request: SearchRequest) -> tuple[CommonAttribute, ...]:
        found, _ = await self._found(request)
        return attributes_in_common(found)

    async def summary(self, request: SearchRequest, data_types: Collection[DataType]) -> FoundSummary:
        found, allowed = await self._found(request)
        by_type = files_by_type(found, allowed, data_types)
        return FoundSummary(products=len(found), is_complete=True, by_type=by_type)

    async def datasets(self, request: SearchRequest) -> FoundPage:
        found, _ = await self._found(request)
        names = sorted({str(dataset) for product in found for dataset in datasets_that_count(product)})
        kinds = frozenset({EntityType.DATASET})
        return await self._search.page(
            attrs.evolve(request, criterion=IsVersionOf(tuple(names)), kinds=kinds, dataset=None)
        )

    async def _found(self, request: SearchRequest):
        await anyio.lowlevel.checkpoint()
        return self._search.found_and_allowed(request)
