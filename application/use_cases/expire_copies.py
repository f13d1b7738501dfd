"""Let go of what has expired in the cache."""

import attrs

from application.ports.cache import Cache
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.cache import leaving

MOST_AT_ONCE = 100
"""Copies that leave in one transaction, so that others are not kept waiting."""


@attrs.frozen
class ExpireCopies:
    """Expired copies leave, the oldest expiry first; nothing else ever does.

    The file goes first and its row then: what is counted as free is free. A download that reads the file goes on.
    """

    unit_of_work: UnitOfWorkFactory
    cache: Cache
    clock: Clock

    async def execute(self) -> int:
        """How many copies left. Raises ``DatabaseUnavailable``, ``StorageUnavailable``."""
        async with self.unit_of_work() as work:
            tenants = await work.cached_copies.tenants_with_expired(self.clock.now())
        return sum([await self._expire(tenant) for tenant in tenants])

    async def _expire(self, tenant: str) -> int:
        count = 0
        while True:
            async with self.unit_of_work() as work:
                await work.restorations.lock(tenant)
                now = self.clock.now()
                gone = leaving(await work.cached_copies.expired(tenant, now, MOST_AT_ONCE), now)
                for copy in gone:
                    if copy.is_internal:
                        await self.cache.remove(copy.url)
                await work.cached_copies.remove(gone)
                await work.commit()
            count += len(gone)
            if len(gone) < MOST_AT_ONCE:
                return count
