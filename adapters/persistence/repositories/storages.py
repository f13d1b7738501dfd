"""Configured storages of a tenant."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select, update

from adapters.persistence.mappers import storage_from, storage_values
from adapters.persistence.tables import file_location, storage_location
from adapters.persistence.tables import tenant as tenants
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.unit_of_work import StorageLocationRepository
from domain.storage_location import StorageLocation, StorageType

_ORDER = list(StorageType)


class SqlStorageLocationRepository(StorageLocationRepository):
    """Configurations by tenant and name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant: str, name: str) -> StorageLocation | None:
        """One configuration."""
        result = await self._transaction.read(
            select(storage_location).where(storage_location.c.tenant == tenant, storage_location.c.name == name)
        )
        row = result.mappings().first()
        return None if row is None else storage_from(dict(row))

    async def all(self, tenant: str) -> tuple[StorageLocation, ...]:
        """Every configuration, by type and priority."""
        result = await self._transaction.read(select(storage_location).where(storage_location.c.tenant == tenant))
        found = [storage_from(dict(row)) for row in result.mappings()]
        return tuple(sorted(found, key=lambda row: (_ORDER.index(row.storage_type), row.priority, row.name)))

    async def all_to_change(self, tenant: str) -> tuple[StorageLocation, ...]:
        """The row of the tenant stands for its storages; SQLite has one writer anyway, from here on."""
        await self._transaction.write(select(tenants.c.name).where(tenants.c.name == tenant).with_for_update())
        return await self.all(tenant)

    async def save(self, locations: Sequence[StorageLocation]) -> None:
        """Insert or replace by name. Raises ``Conflict`` when two of one type end up with the same priority.

        Rows that change their priorities among each other first move out of the way, to negative ones, since the
        database checks that priorities are unique row by row.
        """
        if not locations:
            return
        aside = (
            update(storage_location)
            .where(storage_location.c.tenant == bindparam("of_tenant"), storage_location.c.name == bindparam("called"))
            .values(priority=-1 - storage_location.c.priority)
        )
        distinct = {(row.tenant, row.name): row for row in locations}
        await self._transaction.write(aside, [{"of_tenant": tenant, "called": name} for tenant, name in distinct])
        await self._transaction.write(
            upsert(self._transaction.dialect, storage_location), [storage_values(row) for row in distinct.values()]
        )

    async def remove(self, tenant: str, name: str) -> bool:
        """Delete one configuration."""
        result = await self._transaction.write(
            delete(storage_location).where(storage_location.c.tenant == tenant, storage_location.c.name == name)
        )
        return result.rowcount > 0

    async def holds_files(self, tenant: str, name: str) -> bool:
        """Whether any copy is registered on it."""
        result = await self._transaction.read(
            select(file_location.c.checksum)
            .where(file_location.c.tenant == tenant, file_location.c.storage == name)
            .limit(1)
        )
        return result.first() is not None
