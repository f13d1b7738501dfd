"""Find products by a query, and look at one, as far as the caller may see them."""

from collections.abc import Mapping, Sequence

import attrs

from application.ports.product_formats import ProductFormats
from application.ports.search import FoundValue, ProductSearch, QueryReader, SearchRequest
from application.use_cases.see_products import SeeProducts
from domain.access import Caller
from domain.errors import NotFound
from domain.file import DataType
from domain.product import Product
from domain.search import AllOf, Criterion, QueryInvalid, Touches
from domain.text import is_storable
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class FoundFeature:
    """A product as a feature; without a data right the caller is told of no RAWDATA (R6).

    ``online`` are the checksums of which a copy can be read at once.
    """

    product: Product
    feature: Mapping[str, object]
    has_data_right: bool
    online: frozenset[str]


@attrs.frozen(kw_only=True)
class FoundFeatures:
    """One page; ``total`` as in ``FoundPage``."""

    items: tuple[FoundFeature, ...]
    total: int


@attrs.frozen(kw_only=True)
class CatalogueQuery:
    """A query as written, a place, and by ``scope`` the caller, the order and the page."""

    text: str
    place: Touches | None
    scope: SearchRequest


@attrs.frozen
class SearchCatalogue:
    """Search by a query.

    - Rights are those of this moment; who sees nothing finds nothing.
    - Whether a file is online is asked of its locations now, once for the page.
    """

    search: ProductSearch
    queries: QueryReader
    formats: ProductFormats

    async def execute(self, query: CatalogueQuery) -> FoundFeatures:
        """Raises ``QueryInvalid``, ``DatabaseUnavailable``."""
        page = await self.search.page(attrs.evolve(query.scope, criterion=self._criterion(query)))
        return FoundFeatures(
            items=tuple(
                _shown(self.formats, item.product, has_data_right=item.has_data_right, online=page.online)
                for item in page.items
            ),
            total=page.total,
        )

    async def values(self, query: CatalogueQuery, path: str, *, limit: int, part: str | None) -> Sequence[FoundValue]:
        """The commonest texts of an attribute among what is found. Raises as ``execute`` does."""
        request = attrs.evolve(query.scope, criterion=self._criterion(query))
        return await self.search.values(request, path, limit=limit, part=part)

    def _criterion(self, query: CatalogueQuery) -> Criterion:
        if query.text and not is_storable(query.text):
            raise QueryInvalid("The query holds characters that no product can have.")
        read = self.queries.read(query.text)
        return read if query.place is None else AllOf((query.place, read))


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
        return _shown(self.formats, seen.product, has_data_right=seen.has_data_right, online=online)


def _shown(formats: ProductFormats, product: Product, *, has_data_right: bool, online: frozenset[str]) -> FoundFeature:
    feature = dict(formats.feature(product))
    files = feature.get("files")
    if not has_data_right and isinstance(files, Mapping) and DataType.RAWDATA.value in files:
        feature["files"] = {**files, DataType.RAWDATA.value: []}
    return FoundFeature(product=product, feature=feature, has_data_right=has_data_right, online=online)
