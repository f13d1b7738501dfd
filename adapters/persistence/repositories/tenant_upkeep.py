"""Whole tenants: maintenance, and removal with everything they have."""

from datetime import datetime

from sqlalchemy import Table, delete, select, tuple_

from adapters.persistence.tables import metadata, tenant_maintenance, tenant_removal
from adapters.persistence.tables import tenant as tenants
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.tenant_upkeep import Maintenance, Removal, TenantUpkeep

OWNED: tuple[Table, ...] = tuple(
    table for table in reversed(metadata.sorted_tables) if "tenant" in table.c and table is not tenant_removal
)
"""Every table with rows of tenants, those first that refer to others: a new table is among them by itself."""


class SqlTenantUpkeep(TenantUpkeep):
    """Tenants as a whole."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def maintenance(self) -> tuple[Maintenance, ...]:
        """Every tenant whose mode was ever changed."""
        result = await self._transaction.read(select(tenant_maintenance).order_by(tenant_maintenance.c.tenant))
        return tuple(Maintenance(**row) for row in result.mappings())

    async def set_maintenance(self, tenant: str, *, active: bool, now: datetime) -> None:
        """Change the mode of a tenant."""
        await self._transaction.write(
            upsert(self._transaction.dialect, tenant_maintenance),
            {"tenant": tenant, "active": active, "changed_at": now},
        )

    async def remove(self, tenant: str, now: datetime) -> bool:
        """Serve a tenant no more."""
        result = await self._transaction.write(delete(tenants).where(tenants.c.name == tenant))
        await self._transaction.write(
            upsert(self._transaction.dialect, tenant_removal), {"tenant": tenant, "removed_at": now}
        )
        return result.rowcount > 0

    async def removals(self) -> tuple[Removal, ...]:
        """Removed tenants whose rows may not all be gone."""
        result = await self._transaction.read(select(tenant_removal).order_by(tenant_removal.c.tenant))
        return tuple(Removal(**row) for row in result.mappings())

    async def wipe(self, tenant: str, limit: int) -> int:
        """Delete some rows of a tenant, table by table."""
        for table in OWNED:
            key = tuple(table.primary_key)
            some = select(*key).where(table.c.tenant == tenant).order_by(*key).limit(limit)
            result = await self._transaction.write(delete(table).where(tuple_(*key).in_(some)))
            if result.rowcount:
                return result.rowcount
        return 0

    async def end_removal(self, tenant: str) -> None:
        """Nothing is left."""
        await self._transaction.write(delete(tenant_removal).where(tenant_removal.c.tenant == tenant))
