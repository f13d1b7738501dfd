"""What callers see of the catalogue, found by walking the products of their datasets in the order of their numbers."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, text, true

from adapters.persistence.extents import overlaps, touches
from adapters.persistence.tables import product, product_dataset
from adapters.persistence.transaction import Transaction
from adapters.persistence.visibility import (
    GrantedDatasets,
    granted_datasets,
    groups_value,
    is_visible,
    rights_of_groups,
)
from application.ports.items import Candidate, Candidates, ItemRepository
from domain.access import Caller
from domain.coverage import BoundingBox
from domain.items import Extent, ItemQuery
from domain.rights import is_catalogue_administrator
from domain.search import Overlaps, Touches
from domain.urn import EntityType, Urn

_LOOKED_AHEAD = 10_000
"""Numbers behind the last one in which a page is looked for, before everything that is found is put in order."""
_HIGHEST = 2**63 - 1

_EXTENT = (
    func.min(product.c.west).label("west"),
    func.min(product.c.south).label("south"),
    func.max(product.c.east).label("east"),
    func.max(product.c.north).label("north"),
    func.min(product.c.starts_at).label("starts_at"),
    func.max(product.c.ends_at).label("ends_at"),
)


class SqlItemRepository(ItemRepository):
    """Items and datasets by their numbers."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def items(self, caller: Caller, query: ItemQuery, *, after: int, limit: int) -> Candidates:
        """The newest versions of data that the caller sees."""
        granted = await self._granted(caller)
        members = None if granted is None else set(granted.products)
        if query.datasets is not None:
            named = {str(urn) for urn in query.datasets}
            members = named if members is None else members & named
        if members is not None and not members:
            return Candidates()
        wanted = _newest(caller.tenant, EntityType.DATA).where(*_conditions(self._transaction.dialect, query))
        if members is not None:
            of_datasets = GrantedDatasets(seen=(), products=tuple(sorted(members)), files=())
            wanted = wanted.where(is_visible(self._transaction.dialect, product, caller.tenant, of_datasets))
        is_scattered = query.area is not None or query.start is not None or query.end is not None
        return await self._page(wanted, after, limit, is_scattered=is_scattered)

    async def datasets(self, caller: Caller, *, after: int, limit: int) -> Candidates:
        """The newest versions of datasets that the caller sees."""
        granted = await self._granted(caller)
        wanted = _newest(caller.tenant, EntityType.DATASET)
        if granted is not None:
            if not granted.seen:
                return Candidates()
            wanted = wanted.where(is_visible(self._transaction.dialect, product, caller.tenant, granted))
        return await self._page(wanted, after, limit)

    async def extents(self, tenant: str, datasets: Collection[Urn]) -> dict[Urn, Extent]:
        """What surrounds the items of each dataset."""
        query = (
            select(product_dataset.c.dataset, *_EXTENT)
            .join(product, product.c.id == product_dataset.c.product_id)
            .where(
                product_dataset.c.tenant == tenant,
                product_dataset.c.dataset.in_(sorted(map(str, datasets))),
                product.c.entity_type == EntityType.DATA.value,
                product.c.is_last == true(),
            )
            .group_by(product_dataset.c.dataset)
        )
        return {Urn.parse(row.dataset): _extent(row) for row in await self._transaction.read(query)}

    async def _granted(self, caller: Caller) -> GrantedDatasets | None:
        """What the caller's groups have rights on; ``None`` for everything."""
        if is_catalogue_administrator(caller.role):
            return None
        rows = await self._transaction.read(
            rights_of_groups(self._transaction.dialect, caller.tenant), groups_value(caller.groups)
        )
        return granted_datasets(rows.mappings())

    async def _page(self, wanted: Select[Any], after: int, limit: int, *, is_scattered: bool = False) -> Candidates:
        """``is_scattered``: wanted by place or time, it may all lie far on, where nobody finds it by walking."""
        if self._transaction.dialect == "postgresql":
            await self._transaction.read(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        wanted = wanted.where(product.c.id > after)
        in_order = wanted.order_by(product.c.id).limit(limit + 1)
        rows = await self._rows(
            in_order.where(product.c.id <= min(after + _LOOKED_AHEAD, _HIGHEST)) if is_scattered else in_order
        )
        if is_scattered and len(rows) <= limit:
            some = wanted.cte("some").prefix_with("MATERIALIZED", dialect="postgresql")
            rows = await self._rows(select(some).order_by(some.c.id).limit(limit + 1))
        found = tuple(Candidate(row.id, Urn.parse(row.urn)) for row in rows[:limit])
        return Candidates(found=found, has_more=len(rows) > limit)

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        return list(await self._transaction.read(query))


def _newest(tenant: str, entity_type: EntityType) -> Select[Any]:
    return select(product.c.id, product.c.urn).where(
        product.c.tenant == tenant, product.c.entity_type == entity_type.value, product.c.is_last == true()
    )


def _conditions(dialect: str, query: ItemQuery) -> Iterable[ColumnElement[bool]]:
    if query.ids is not None:
        names = sorted(map(str, query.ids))
        yield or_(product.c.urn.in_(names), product.c.virtual_id.in_(names))
    if query.start is not None or query.end is not None:
        yield overlaps(dialect, Overlaps(start=query.start, end=query.end), product)
    if query.area is not None:
        yield or_(*(touches(dialect, _touching(box), product) for box in query.boxes))


def _touching(box: BoundingBox) -> Touches:
    return Touches(west=box.west, south=box.south, east=box.east, north=box.north)


def _extent(row: Any) -> Extent:
    box = None
    if row.west is not None:
        box = BoundingBox(west=row.west, south=row.south, east=row.east, north=row.north)
    return Extent(box=box, start=row.starts_at, end=row.ends_at)
