"""The tenants that are served, and their changed settings."""

from datetime import datetime

from sqlalchemy import delete, select

from adapters.persistence.tables import tenant as tenants
from adapters.persistence.tables import tenant_setting
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.unit_of_work import SettingsRepository, TenantRepository


class SqlTenantRepository(TenantRepository):
    """Tenants by name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def exists(self, tenant: str) -> bool:
        """Whether the tenant is served."""
        result = await self._transaction.read(select(tenants.c.name).where(tenants.c.name == tenant))
        return result.first() is not None

    async def add(self, tenant: str, now: datetime) -> bool:
        """Start to serve a tenant."""
        result = await self._transaction.write(
            upsert(self._transaction.dialect, tenants, changing=()).returning(tenants.c.name),
            {"name": tenant, "added_at": now},
        )
        return result.first() is not None

    async def names(self) -> tuple[str, ...]:
        """All tenants by name."""
        result = await self._transaction.read(select(tenants.c.name).order_by(tenants.c.name))
        return tuple(result.scalars())


class SqlSettingsRepository(SettingsRepository):
    """Changed settings by tenant and name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def values(self, tenant: str) -> dict[str, int]:
        """Stored values by name."""
        result = await self._transaction.read(
            select(tenant_setting.c.name, tenant_setting.c.value).where(tenant_setting.c.tenant == tenant)
        )
        return {row.name: row.value for row in result}

    async def put(self, tenant: str, name: str, value: int) -> None:
        """Store a value."""
        await self._transaction.write(
            upsert(self._transaction.dialect, tenant_setting), {"tenant": tenant, "name": name, "value": value}
        )

    async def reset(self, tenant: str, name: str) -> None:
        """Back to the default."""
        await self._transaction.write(
            delete(tenant_setting).where(tenant_setting.c.tenant == tenant, tenant_setting.c.name == name)
        )
