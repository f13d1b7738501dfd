"""Find products by several searches at once, and say what all of them have and hold."""

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs

from application.ports.product_formats import ProductFormats
from application.ports.search import ProductSearch, SearchRequest
from application.ports.search_figures import CommonAttribute, FoundSummary, SearchFigures
from application.use_cases.catalogue_query import QueryReading, SearchText
from application.use_cases.search_catalogue import FoundFeatures
from application.use_cases.shown_features import shown_page
from domain.access import Caller
from domain.file import DataType
from domain.product_selection import ProductSelection, in_any
from domain.urn import EntityType, Urn


@attrs.frozen(kw_only=True)
class Selection:
    """One search, as written; see ``ProductSelection``."""

    asked: SearchText
    dataset: Urn | None = None
    included: tuple[Urn, ...] = ()
    excluded: tuple[Urn, ...] = ()
    known_by: datetime | None = None


@attrs.frozen
class SearchSelections:
    """Search for what any of several searches finds, each product once, among what the caller sees at this moment."""

    search: ProductSearch
    figures: SearchFigures
    reading: QueryReading
    formats: ProductFormats

    async def execute(
        self, caller: Caller, selections: Sequence[Selection], *, offset: int, limit: int
    ) -> FoundFeatures:
        """One page, by URN. Raises ``InvalidValue`` for no selection, ``QueryInvalid``, ``DatabaseUnavailable``."""
        request = attrs.evolve(self._request(caller, selections), offset=offset, limit=limit)
        page = await self.search.page(request)
        return FoundFeatures(items=shown_page(self.formats, page), total=page.total)

    async def attributes(self, caller: Caller, selections: Sequence[Selection]) -> Sequence[CommonAttribute]:
        """The attributes that all have. Raises as ``execute`` does."""
        return await self.figures.attributes(self._request(caller, selections))

    async def summary(
        self, caller: Caller, selections: Sequence[Selection], data_types: Collection[DataType]
    ) -> FoundSummary:
        """Products, and their files of these data types. Raises as ``execute`` does."""
        return await self.figures.summary(self._request(caller, selections), data_types)

    def _request(self, caller: Caller, selections: Sequence[Selection]) -> SearchRequest:
        read = [
            ProductSelection(
                criterion=self.reading.criterion(selection.asked),
                dataset=selection.dataset,
                included=selection.included,
                excluded=selection.excluded,
                known_by=selection.known_by,
            )
            for selection in selections
        ]
        return SearchRequest(caller=caller, criterion=in_any(read), kinds=frozenset({EntityType.DATA}))
