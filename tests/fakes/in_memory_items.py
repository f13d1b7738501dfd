"""What callers see of the catalogue, over the in-memory tables."""

from collections.abc import Collection, Iterable

from application.ports.items import Candidate, Candidates, ItemRepository
from domain.access import Caller
from domain.coverage import BoundingBox
from domain.items import Extent, ItemQuery
from domain.product import Product
from domain.rights import sees
from domain.urn import EntityType, Urn
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryItemRepository(ItemRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def items(self, caller: Caller, query: ItemQuery, *, after: int, limit: int) -> Candidates:
        return self._page(((place, row) for place, row in self._seen(caller) if query.fits(row)), after, limit)

    async def datasets(self, caller: Caller, *, after: int, limit: int) -> Candidates:
        is_wanted = EntityType.DATASET
        found = ((place, row) for place, row in self._seen(caller) if row.entity_type is is_wanted and row.is_last)
        return self._page(found, after, limit)

    async def extents(self, tenant: str, datasets: Collection[Urn]) -> dict[Urn, Extent]:
        rows = [row for (owner, _), row in self._unit.tables.products.items() if owner == tenant]
        items = [row for row in rows if row.entity_type is EntityType.DATA and row.is_last]
        found = {dataset: [row for row in items if dataset in row.dataset_ids] for dataset in datasets}
        return {dataset: _around(members) for dataset, members in found.items() if members}

    def _seen(self, caller: Caller) -> Iterable[tuple[int, Product]]:
        rights = tuple(self._unit.tables.rights.values())
        rows = enumerate(self._unit.tables.products.values(), start=1)
        return ((place, row) for place, row in rows if sees(caller, row, rights))

    @staticmethod
    def _page(found: Iterable[tuple[int, Product]], after: int, limit: int) -> Candidates:
        rest = [Candidate(place, row.urn) for place, row in found if place > after]
        return Candidates(found=tuple(rest[:limit]), has_more=len(rest) > limit)


def _around(products: Collection[Product]) -> Extent:
    boxes = [row.bounding_box for row in products if row.bounding_box is not None]
    spans = [row.time_span for row in products if row.time_span is not None]
    box = None
    if boxes:
        box = BoundingBox(
            west=min(each.west for each in boxes),
            south=min(each.south for each in boxes),
            east=max(each.east for each in boxes),
            north=max(each.north for each in boxes),
        )
    return Extent(
        box=box,
        start=min((span.start for span in spans), default=None),
        end=max((span.end for span in spans), default=None),
    )
