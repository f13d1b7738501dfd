"""Searches over the in-memory tables, by the reference."""

import json
from collections.abc import Collection

import anyio.lowlevel
import attrs

from application.ports.search import FoundItem, FoundPage, ProductSearch, SearchRequest
from application.ports.shapes import Shapes
from domain.errors import InvalidValue
from domain.groups import groups_of
from domain.product import Product
from domain.rights import has_data_right
from domain.search import Meets, QueryInvalid, exact_places
from domain.storage_location import StorageType
from tests.fakes.in_memory_catalogue import memberships_in
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.search_reference import found_among


class InMemoryProductSearch(ProductSearch):
    def __init__(self, database: InMemoryDatabase, shapes: Shapes) -> None:
        self._database = database
        self._shapes = shapes

    async def page(self, request: SearchRequest) -> FoundPage:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        found = self._found(request)
        caller = self._caller(request)
        rights = list(self._database.tables.rights.values())
        part = found[request.offset : request.offset + request.limit]
        items = tuple(
            FoundItem(product=product, has_data_right=has_data_right(caller, product, rights)) for product in part
        )
        checksums = {entry.checksum for product in part for entry in product.files if entry.checksum}
        return FoundPage(items=items, total=len(found), online=await self.online(request.caller.tenant, checksums))

    async def online(self, tenant: str, checksums: Collection[str]) -> frozenset[str]:
        self._database.check_up()
        tables = self._database.tables
        in_use = {
            name
            for (owner, name), row in tables.storages.items()
            if owner == tenant and row.active and row.storage_type is StorageType.ONLINE
        }
        return frozenset(
            row.checksum
            for row in tables.locations.values()
            if row.tenant == tenant and row.checksum in checksums and row.storage in in_use
        )

    def found_and_allowed(self, request: SearchRequest) -> tuple[list[Product], list[Product]]:
        """All that is found, and those of whose protected files the caller may know."""
        self._database.check_up()
        found, caller = self._found(request), self._caller(request)
        rights = list(self._database.tables.rights.values())
        return found, [product for product in found if has_data_right(caller, product, rights)]

    def _found(self, request: SearchRequest) -> list[Product]:
        tables = self._database.tables
        try:
            exact_places(request.criterion)
            return found_among(
                tables.products.values(),
                self._caller(request),
                list(tables.rights.values()),
                request.criterion,
                kinds=request.kinds,
                dataset=request.dataset,
                sorting=request.sorting,
                meets=self._meets,
            )
        except InvalidValue as error:
            raise QueryInvalid(str(error)) from error

    def _meets(self, asked: Meets, product: Product) -> bool:
        if product.geometry is None:
            return False
        return self._shapes.meeting([asked.place], [json.dumps(product.geometry)]) == [[True]]

    def _caller(self, request: SearchRequest):
        caller = request.caller
        memberships = memberships_in(self._database.tables, caller.tenant, caller.email)
        return attrs.evolve(caller, groups=groups_of(caller, memberships))
