"""Find products by a query, and look at one, as far as the caller may see them."""

from collections.abc import Sequence

import attrs

from application.ports.product_formats import ProductFormats
from application.ports.search import ProductSearch
from application.ports.search_figures import SearchFigures
from application.use_cases.catalogue_query import CatalogueQuery, QueryReading
from application.use_cases.see_products import SeeProducts
from application.use_cases.shown_features import FoundFeature, shown, shown_page
from domain.access import Caller
from domain.errors import NotFound
from domain.facets import MOST_FACETS, Facet
from domain.search import Field, QueryInvalid
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class ShownFacet:
    """A facet, and for each of its values the query that finds the products that were counted."""

    facet: Facet
    queries: tuple[str, ...]


@attrs.frozen(kw_only=True)
class FoundFeatures:
    """One page; ``total`` as in ``FoundPage``."""

    items: tuple[FoundFeature, ...]
    total: int
    facets: tuple[ShownFacet, ...] = ()


@attrs.frozen
class SearchCatalogue:
    """Search by a query.

    - Rights are those of this moment; who sees nothing finds nothing.
    - Whether a file is online is asked of its locations now, once for the page.
    - Facets count everything that is found, up to a limit, whatever page is asked for.
    """

    search: ProductSearch
    figures: SearchFigures
    reading: QueryReading
    formats: ProductFormats

    async def execute(self, query: CatalogueQuery, facets: Sequence[Field] = ()) -> FoundFeatures:
        """Raises ``QueryInvalid``, ``DatabaseUnavailable``."""
        fields = _countable(facets)
        request = self.reading.request(query)
        page = await self.search.page(request)
        counted = await self.figures.facets(request, fields) if fields else ()
        return FoundFeatures(
            items=shown_page(self.formats, page),
            total=page.total,
            facets=tuple(self._narrowing(query.asked.text, facet) for facet in counted),
        )

    async def datasets(self, query: CatalogueQuery) -> FoundFeatures:
        """One page of the datasets of what is found. Raises as ``execute`` does."""
        page = await self.figures.datasets(self.reading.request(query))
        return FoundFeatures(items=shown_page(self.formats, page), total=page.total)

    def _narrowing(self, text: str, facet: Facet) -> ShownFacet:
        queries = [self.reading.queries.narrowed(text, value.criterion(facet.field)) for value in facet.values]
        if queries:
            try:
                self.reading.queries.read(max(queries, key=len))
            except QueryInvalid as error:
                raise QueryInvalid(f"No query can narrow this one by {facet.field.path}: {error}") from error
        return ShownFacet(facet=facet, queries=tuple(queries))


@attrs.frozen
class ReadSeenProduct:
    """Look at one product; a LAST URN names its newest version."""

    see_products: SeeProducts
    search: ProductSearch
    formats: ProductFormats

    async def execute(self, caller: Caller, urn: Urn) -> FoundFeature:
        """Raises ``NotFound``, also for a product that the caller does not see, and ``DatabaseUnavailable``."""
        seen = (await self.see_products.execute(caller, [urn])).get(urn)
        if seen is None:
            raise NotFound(f"There is no product {urn}.")
        checksums = {entry.checksum for entry in seen.product.files if entry.checksum}
        online = await self.search.online(caller.tenant, checksums)
        return shown(self.formats, seen.product, has_data_right=seen.has_data_right, online=online)


def _countable(fields: Sequence[Field]) -> tuple[Field, ...]:
    distinct = tuple(dict.fromkeys(fields))
    if len(distinct) > MOST_FACETS:
        raise QueryInvalid(f"There are at most {MOST_FACETS} facets at once; {len(distinct)} are asked for.")
    if any(field.path == "geometry" for field in distinct):
        raise QueryInvalid("The geometry has no values that could be counted in facets.")
    return distinct
