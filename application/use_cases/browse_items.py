"""Find items and collections for whoever asks, each as far as they may see it."""

import asyncio
from collections.abc import Iterable, Sequence

import attrs

from application.ports.clock import Clock
from application.ports.items import Candidates
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.known_extents import KnownExtents
from domain.access import Caller
from domain.errors import NotFound
from domain.groups import groups_of
from domain.items import Item, ItemCollection, ItemQuery, Reach, reach_of
from domain.licence import Licence
from domain.product import FileEntry, Product
from domain.product_access import listed_files
from domain.rights import AccessRight, datasets_that_count, is_catalogue_administrator, sees
from domain.urn import EntityType, Urn

MOST_LOOKED_AT = 5_000
"""Products whose boxes meet an area and whose geometries are compared, before a page ends as it is."""


@attrs.frozen(kw_only=True)
class ItemPage:
    """Items in the order in which they were catalogued; ``next_after`` continues, ``None`` at the end."""

    items: tuple[Item, ...]
    next_after: int | None = None


@attrs.frozen(kw_only=True)
class CollectionPage:
    """Collections in the same order."""

    collections: tuple[ItemCollection, ...]
    next_after: int | None = None


@attrs.frozen
class SearchItems:
    """Search the newest versions of the data that the caller sees.

    - Rights are those of this moment; without a data right an item lists no RAWDATA.
    - Boxes are looked up by index, then geometries are compared exactly.
    - An item that is in several datasets is told of one, which was asked for if any was.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, caller: Caller, query: ItemQuery, *, after: int = 0, limit: int = 100) -> ItemPage:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            caller = await _with_groups(work, caller)
            products: list[Product] = []
            looked_at, has_more = 0, True
            while has_more and len(products) < limit and looked_at < MOST_LOOKED_AT:
                page = await work.items.items(caller, query, after=after, limit=limit)
                found = await _products(work, caller.tenant, page)
                for candidate in page.found:
                    if len(products) == limit:
                        break
                    after = candidate.place
                    looked_at += 1
                    product = found.get(candidate.urn)
                    if query.area is not None:
                        # To compare takes time, of which others get theirs.
                        await asyncio.sleep(0)
                    if product is not None and query.covers(product):
                        products.append(product)
                has_more = page.has_more or (bool(page.found) and after != page.found[-1].place)
            items = await _items(work, caller, products, preferred=query.datasets or frozenset(), clock=self.clock)
        return ItemPage(items=items, next_after=after if has_more else None)


@attrs.frozen
class ReadItem:
    """Show one item of a collection; an older version is shown, too, when it is named."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, caller: Caller, collection: Urn, urn: Urn) -> Item:
        """Raises ``NotFound``, also for what the caller may not see; ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            caller = await _with_groups(work, caller)
            product = await work.products.get(caller.tenant, urn)
            if (
                product is None
                or product.entity_type is not EntityType.DATA
                or collection.virtual_id not in product.dataset_ids
                or not sees(caller, product, await _rights(work, [product]))
            ):
                raise NotFound(f"There is no item {urn} in the collection {collection}.")
            preferred = frozenset({collection.virtual_id})
            (item,) = await _items(work, caller, [product], preferred=preferred, clock=self.clock)
        return item


@attrs.frozen
class BrowseCollections:
    """Show the datasets that the caller sees, with what surrounds their items.

    What surrounds the items is told to those who may see them, and may be a minute old.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    known: KnownExtents = attrs.field(factory=KnownExtents)

    async def execute(self, caller: Caller, *, after: int = 0, limit: int = 100) -> CollectionPage:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            caller = await _with_groups(work, caller)
            page = await work.items.datasets(caller, after=after, limit=limit)
            found = await _products(work, caller.tenant, page)
            datasets = [found[candidate.urn] for candidate in page.found if candidate.urn in found]
            collections = await self._collections(work, caller, datasets)
        return CollectionPage(
            collections=collections, next_after=page.found[-1].place if page.has_more and page.found else None
        )

    async def one(self, caller: Caller, urn: Urn) -> ItemCollection:
        """Raises ``NotFound``, also for one that the caller may not see; ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            caller = await _with_groups(work, caller)
            dataset = await self._dataset(work, caller, urn)
            (collection,) = await self._collections(work, caller, [dataset])
        return collection

    async def require(self, caller: Caller, urn: Urn) -> None:
        """Raises ``NotFound`` where ``one`` does, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            await self._dataset(work, await _with_groups(work, caller), urn)

    @staticmethod
    async def _dataset(work: UnitOfWork, caller: Caller, urn: Urn) -> Product:
        dataset = await work.products.get(caller.tenant, urn.virtual_id)
        if (
            dataset is None
            or dataset.entity_type is not EntityType.DATASET
            or not sees(caller, dataset, await _rights(work, [dataset]))
        ):
            raise NotFound(f"There is no collection {urn}.")
        return dataset

    async def _collections(
        self, work: UnitOfWork, caller: Caller, datasets: Sequence[Product]
    ) -> tuple[ItemCollection, ...]:
        rights = await _rights(work, datasets)
        licences = {licence.dataset: licence for licence in await work.licences.all(caller.tenant)}
        open_ones = [dataset.virtual_id for dataset in datasets if _sees_items(caller, dataset.virtual_id, rights)]
        extents = await self.known.of(work.items, caller.tenant, open_ones, self.clock.now())
        files = {dataset.urn: listed_files(caller, dataset, rights) for dataset in datasets}
        reach = await _reach(work, caller.tenant, (entry for listed in files.values() for entry in listed), self.clock)
        return tuple(
            ItemCollection(
                dataset=dataset,
                files=files[dataset.urn],
                extent=extents.get(dataset.virtual_id),
                licence=_licence(licences, dataset.virtual_id),
                reach=reach,
            )
            for dataset in datasets
        )


async def _with_groups(work: UnitOfWork, caller: Caller) -> Caller:
    memberships = await work.access.memberships(caller.tenant, caller.email)
    return attrs.evolve(caller, groups=groups_of(caller, memberships))


async def _products(work: UnitOfWork, tenant: str, page: Candidates) -> dict[Urn, Product]:
    urns = [candidate.urn for candidate in page.found]
    return await work.products.known(tenant, urns) if urns else {}


async def _rights(work: UnitOfWork, products: Iterable[Product]) -> tuple[AccessRight, ...]:
    datasets = {dataset: product.tenant for product in products for dataset in datasets_that_count(product)}
    tenant = next(iter(datasets.values()), None)
    return () if tenant is None else await work.access.rights_on(tenant, list(datasets))


async def _items(
    work: UnitOfWork, caller: Caller, products: Sequence[Product], *, preferred: frozenset[Urn], clock: Clock
) -> tuple[Item, ...]:
    rights = await _rights(work, products)
    named = {dataset for product in products for dataset in product.dataset_ids}
    seen = [dataset for dataset in sorted(named, key=str) if _sees_items(caller, dataset, rights)]
    there = await work.products.known(caller.tenant, seen) if seen else {}
    files = {product.urn: listed_files(caller, product, rights) for product in products}
    reach = await _reach(work, caller.tenant, (entry for listed in files.values() for entry in listed), clock)
    return tuple(
        Item(
            product=product,
            files=files[product.urn],
            collection=next(
                (
                    dataset
                    for dataset in sorted(product.dataset_ids, key=lambda urn: (urn not in preferred, str(urn)))
                    if dataset in there
                ),
                None,
            ),
            reach=reach,
        )
        for product in products
    )


async def _reach(work: UnitOfWork, tenant: str, entries: Iterable[FileEntry], clock: Clock) -> dict[str, Reach]:
    checksums = sorted({entry.checksum for entry in entries if entry.checksum is not None and not entry.is_reference})
    known = await work.files.known(tenant, checksums) if checksums else {}
    now = clock.now()
    found = {checksum: reach_of(file.copies, now) for checksum, file in known.items()}
    return {checksum: reach for checksum, reach in found.items() if reach is not None}


def _sees_items(caller: Caller, dataset: Urn, rights: Iterable[AccessRight]) -> bool:
    if is_catalogue_administrator(caller.role):
        return True
    return any(right.dataset == dataset and right.group in caller.groups and right.access.products for right in rights)


def _licence(licences: dict[Urn | None, Licence], dataset: Urn) -> Licence | None:
    return licences.get(dataset) or licences.get(None)
