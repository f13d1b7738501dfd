"""Repositories of an in-memory unit of work: instances, and whole tenants."""

from datetime import datetime

import attrs

from application.ports.instances import Instance, InstanceRepository
from application.ports.tenant_upkeep import Maintenance, Removal, TenantUpkeep
from domain.account import AccountKey
from tests.fakes.in_memory_database import Tables
from tests.fakes.in_memory_repositories import OpenTables

NOT_OWNED = {"tenants", "removals", "instances", "jobs", "last_event_id", "published", "refused"}


class InMemoryInstanceRepository(InstanceRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def save(self, instance: Instance) -> None:
        self._unit.write(lambda tables: tables.instances.update({instance.id: instance}))

    async def remove(self, instance_id: str) -> None:
        self._unit.write(lambda tables: tables.instances.pop(instance_id, None))

    async def all(self) -> tuple[Instance, ...]:
        return tuple(sorted(self._unit.tables.instances.values(), key=lambda row: (row.started_at, row.id)))

    async def purge(self, before: datetime) -> int:
        def change(tables: Tables) -> int:
            gone = [key for key, row in tables.instances.items() if row.last_seen_at < before]
            for key in gone:
                del tables.instances[key]
            return len(gone)

        return self._unit.write(change)


class InMemoryTenantUpkeep(TenantUpkeep):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def maintenance(self) -> tuple[Maintenance, ...]:
        return tuple(row for _, row in sorted(self._unit.tables.maintenance.items()))

    async def set_maintenance(self, tenant: str, *, active: bool, now: datetime) -> None:
        row = Maintenance(tenant=tenant, active=active, changed_at=now)
        self._unit.write(lambda tables: tables.maintenance.update({tenant: row}))

    async def remove(self, tenant: str, now: datetime) -> bool:
        def change(tables: Tables) -> bool:
            tables.removals[tenant] = Removal(tenant=tenant, removed_at=now)
            return tables.tenants.pop(tenant, None) is not None

        return self._unit.write(change)

    async def removals(self) -> tuple[Removal, ...]:
        return tuple(row for _, row in sorted(self._unit.tables.removals.items()))

    async def wipe(self, tenant: str, limit: int) -> int:
        def change(tables: Tables) -> int:
            for field in attrs.fields(Tables):
                if field.name in NOT_OWNED:
                    continue
                rows = getattr(tables, field.name)
                gone = [key for key, row in rows.items() if _owner(key, row) == tenant][:limit]
                for key in gone:
                    del rows[key]
                if gone:
                    return len(gone)
            return 0

        return self._unit.write(change)

    async def end_removal(self, tenant: str) -> None:
        self._unit.write(lambda tables: tables.removals.pop(tenant, None))


def _owner(key: object, row: object) -> object:
    """Whose a row is: keys begin with the tenant, or the row names it."""
    match key:
        case AccountKey():
            return key.tenant
        case tuple():
            return key[0]
    return getattr(row, "tenant", None) or row.account.tenant  # type: ignore[attr-defined]  # downloads and transfers
