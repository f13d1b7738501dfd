"""Searches over the catalogue, each in a transaction that only reads."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import attrs
from sqlalchemy import ColumnElement, FromClause, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.failures import translating
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.repositories.access import SqlAccessRepository
from adapters.persistence.repositories.products import SqlProductRepository
from adapters.persistence.searching.conditions import Conditions
from adapters.persistence.searching.exact_places import PlaceLimits, candidates, numbers_by_place
from adapters.persistence.searching.ordering import sorted_by
from adapters.persistence.searching.walking import Lookahead, Walk
from adapters.persistence.searching.whole_products import NumbersByPlace
from adapters.persistence.tables import file_location, product, product_dataset, storage_location
from adapters.persistence.transaction import Transaction
from adapters.persistence.visibility import (
    GrantedDatasets,
    granted_datasets,
    groups_value,
    is_visible,
    rights_of_groups,
)
from application.errors import DatabaseUnavailable
from application.ports.search import MOST_COUNTED, FoundItem, FoundPage, ProductSearch, SearchRequest
from application.ports.shapes import Shapes
from domain.errors import InvalidValue
from domain.groups import groups_of
from domain.product import Product
from domain.rights import datasets_that_count, is_catalogue_administrator
from domain.search import QueryInvalid, exact_places
from domain.storage_location import StorageType
from domain.urn import Urn

_SETTINGS = """
SELECT set_config('statement_timeout', '10s', true), set_config('plan_cache_mode', 'force_custom_plan', true),
set_config('random_page_cost', '1.1', true), set_config('max_parallel_workers_per_gather', '0', true)
"""
"""For one transaction. A search that takes longer helps nobody. How much a plan reads depends on what is asked, so that
each search is planned for itself. A page costs what it does in memory, or on a disk without moving parts, where indexes
are that are searched all the time. And one search is not to keep several processors from all others."""

_TIMED_OUT = "57014"


class SqlProductSearch(ProductSearch):
    """What a caller finds, over an engine of ``create_async_engine_for``."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        most_counted: int = MOST_COUNTED,
        lookahead: Lookahead | None = None,
        shapes: Shapes | None = None,
        place_limits: PlaceLimits | None = None,
    ) -> None:
        self._engine = engine
        self._shapes = shapes
        self._place_limits = place_limits or PlaceLimits()
        self._most_counted = most_counted
        self._lookahead = lookahead or Lookahead()

    async def page(self, request: SearchRequest) -> FoundPage:
        """One part of what is found."""
        async with self.asking(request) as asking:
            if asking is None:
                return FoundPage(items=(), total=0)
            numbers = await asking.numbers()
            is_counted_out = len(numbers) > self._most_counted
            urns = await asking.broad() if is_counted_out else await asking.narrow(numbers)
            more = len(urns) > request.limit
            urns = urns[: request.limit]
            products = await asking.products.known(request.caller.tenant, urns)
            items = tuple(
                FoundItem(product=products[urn], has_data_right=asking.has_right(products[urn]))
                for urn in urns
                if urn in products
            )
            checksums = {entry.checksum for item in items for entry in item.product.files if entry.checksum}
            return FoundPage(
                items=items,
                total=max(self._most_counted, request.offset + len(urns) + more) if is_counted_out else len(numbers),
                is_counted_out=is_counted_out,
                online=await _online(asking.transaction, request.caller.tenant, checksums),
            )

    async def online(self, tenant: str, checksums: Collection[str]) -> frozenset[str]:
        """Those of which a copy is in an ONLINE storage."""
        async with self._reading() as transaction:
            return await _online(transaction, tenant, checksums)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Transaction]:
        try:
            with translating():
                connection = await self._engine.connect()
            try:
                transaction = Transaction(connection)
                if transaction.dialect == "postgresql":
                    with translating():
                        await connection.exec_driver_sql(_SETTINGS)
                yield transaction
                await transaction.rollback()
            finally:
                await connection.close()
        except DatabaseUnavailable as error:
            if _is_timeout(error):
                raise QueryInvalid("The search takes too long: narrow it by another criterion.") from error
            raise

    @asynccontextmanager
    async def asking(self, request: SearchRequest) -> "AsyncIterator[Asking | None]":
        """The search with the rights of its caller; ``None`` for a caller who cannot see anything."""
        async with self._reading() as transaction:
            granted = await _granted(transaction, request)
            if granted is not None and not granted.seen:
                yield None
                return
            try:
                asking = Asking(
                    transaction=transaction,
                    request=request,
                    granted=granted,
                    most_counted=self._most_counted,
                    lookahead=self._lookahead,
                )
                yield await self._placed(asking)
            except InvalidValue as error:
                raise QueryInvalid(str(error)) from error

    async def _placed(self, asking: "Asking") -> "Asking":
        """The search with the products that meet its exact places, if it has any."""
        request = asking.request
        places = exact_places(request.criterion)
        if not places:
            return asking
        if self._shapes is None:
            raise QueryInvalid("Exact places are not known here; ask by bbox.")
        boxed = attrs.evolve(asking, request=attrs.evolve(request, criterion=candidates(request.criterion, places)))
        query = select(boxed.row.c.id).where(*boxed.found())
        met = await numbers_by_place(asking.transaction, self._shapes, places, query, self._place_limits)
        return attrs.evolve(asking, met=met)


@attrs.frozen(kw_only=True)
class Asking:
    """A search within a transaction, with the rights of its caller."""

    transaction: Transaction
    request: SearchRequest
    granted: GrantedDatasets | None
    most_counted: int
    lookahead: Lookahead
    row: FromClause = product
    met: NumbersByPlace = attrs.field(factory=dict)

    @property
    def products(self) -> SqlProductRepository:
        return SqlProductRepository(self.transaction)

    @property
    def tenant(self) -> str:
        return self.request.caller.tenant

    def has_right(self, found: Product) -> bool:
        """R4, from what the caller's groups may have."""
        return self.granted is None or any(str(urn) in self.granted.files for urn in datasets_that_count(found))

    async def numbers(self) -> list[int]:
        """The numbers of what is found, up to one more than are counted."""
        some = select(self.row.c.id).where(*self.found()).limit(self.most_counted + 1)
        return list((await self.transaction.read(some)).scalars())

    async def narrow(self, numbers: Collection[int]) -> list[Urn]:
        """Of few: those with these numbers, put in order."""
        some = unfolded(self.transaction.dialect, "found", [product.c.id])
        query = sorted_by(self.tenant, self.row, some, self.request.sorting)
        part = query.offset(self.request.offset).limit(self.request.limit + 1)
        rows = await self.transaction.read(part, {"found": encoded([number] for number in numbers)})
        return [Urn.parse(urn) for urn in rows.scalars()]

    async def broad(self) -> list[Urn]:
        """Of many: along the index of the order, taking what is found on the way."""
        walk = Walk(
            transaction=self.transaction,
            tenant=self.tenant,
            row=self.row,
            found=tuple(self.found()),
            sorting=self.request.sorting,
            lookahead=self.lookahead,
        )
        return [Urn.parse(urn) for urn in await walk.page(self.request.offset, self.request.limit + 1)]

    def found(self) -> list[ColumnElement[bool]]:
        """The conditions on a row of ``product``."""
        dialect, row, request = self.transaction.dialect, self.row, self.request
        conditions: list[ColumnElement[bool]] = [row.c.tenant == self.tenant]
        kinds = sorted(kind.value for kind in request.kinds)
        if kinds:
            conditions.append(row.c.entity_type == kinds[0] if len(kinds) == 1 else row.c.entity_type.in_(kinds))
        if request.dataset is not None:
            dataset = str(request.dataset.virtual_id)
            members = select(product_dataset.c.product_id).where(
                product_dataset.c.tenant == self.tenant, product_dataset.c.dataset == dataset
            )
            conditions += [row.c.id.in_(members), row.c.virtual_id != dataset]
        if self.granted is not None:
            conditions.append(is_visible(dialect, row, self.tenant, self.granted))
        asked = Conditions(dialect=dialect, tenant=self.tenant, granted=self.granted, met=self.met)
        return [*conditions, asked.of(request.criterion, row)]


async def _granted(transaction: Transaction, request: SearchRequest) -> GrantedDatasets | None:
    caller = request.caller
    if is_catalogue_administrator(caller.role):
        return None
    memberships = await SqlAccessRepository(transaction).memberships(caller.tenant, caller.email)
    groups = groups_of(caller, memberships)
    rows = await transaction.read(rights_of_groups(transaction.dialect, caller.tenant), groups_value(groups))
    return granted_datasets(rows.mappings())


async def _online(transaction: Transaction, tenant: str, checksums: Collection[str]) -> frozenset[str]:
    if not checksums:
        return frozenset()
    wanted = unfolded(transaction.dialect, "wanted", [file_location.c.checksum])
    query = (
        select(file_location.c.checksum)
        .distinct()
        .join(
            storage_location,
            (storage_location.c.tenant == tenant) & (storage_location.c.name == file_location.c.storage),
        )
        .where(
            file_location.c.tenant == tenant,
            file_location.c.checksum.in_(select(wanted.c.checksum)),
            storage_location.c.storage_type == StorageType.ONLINE.value,
            storage_location.c.active,
        )
    )
    rows = await transaction.read(query, {"wanted": encoded([checksum] for checksum in sorted(checksums))})
    return frozenset(rows.scalars())


def _is_timeout(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(cause, OperationalError) and getattr(cause.orig, "sqlstate", None) == _TIMED_OUT
