"""Remove a tenant with everything it has here."""

from datetime import timedelta

import attrs

from application.errors import DatabaseUnavailable
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory

ROWS_AT_ONCE = 1000
"""Rows that one transaction deletes, so that other tenants never wait long for it."""

REMEMBERED = timedelta(minutes=1)
"""How long a removed tenant is looked after: longer than any instance takes it for served, or a request lasts."""


@attrs.frozen
class RemoveTenant:
    """Serve a tenant no more, and delete every row of it.

    - From the first moment no instance that asks the database serves it; the others follow within seconds.
    - Its running transfers end at the next renewal of their instance, within seconds.
    - Files themselves stay where they are: no byte of a storage is deleted.
    - Rows that a late request leaves behind, or a crash in the middle, go with the periodic upkeep.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str) -> bool:
        """``False`` when the tenant was not served. Raises ``DatabaseUnavailable``; upkeep does the rest then."""
        async with self.unit_of_work() as work:
            was_served = await work.tenant_upkeep.remove(tenant, self.clock.now())
            await work.commit()
        await self.wipe(tenant)
        return was_served

    async def wipe(self, tenant: str) -> int:
        """Delete what there is of a tenant, some rows at a time; returns how many. Raises ``DatabaseUnavailable``."""
        total, failures = 0, 0
        while True:
            try:
                async with self.unit_of_work() as work:
                    count = await work.tenant_upkeep.wipe(tenant, ROWS_AT_ONCE)
                    await work.commit()
            except DatabaseUnavailable:
                # An admission that runs meanwhile may hold, or want, the same rows.
                failures += 1
                if failures > 3:
                    raise
                continue
            if count == 0:
                return total
            total += count


@attrs.frozen
class FinishRemovals:
    """Periodic upkeep of removed tenants: delete what came late, and forget them after ``REMEMBERED``."""

    unit_of_work: UnitOfWorkFactory
    remove_tenant: RemoveTenant
    clock: Clock

    async def execute(self) -> int:
        """How many rows went. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            removals = await work.tenant_upkeep.removals()
        total = 0
        for removal in removals:
            count = await self.remove_tenant.wipe(removal.tenant)
            total += count
            if count == 0 and removal.removed_at < self.clock.now() - REMEMBERED:
                async with self.unit_of_work() as work:
                    await work.tenant_upkeep.end_removal(removal.tenant)
                    await work.commit()
        return total
