"""Make the folder of the cache and its rows agree again, whatever happened to either."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from application.delivery.lost_copies import LostCopies
from application.ports.cache import Cache, Lying
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory

PAGE = 200
OLD = timedelta(hours=1)
"""A temporary file that nobody has written to for so long is nobody's."""


@attrs.frozen(kw_only=True)
class CacheChecked:
    """How many rows had no file of the right size, and how many files had no row or were left unfinished."""

    removed_rows: int
    removed_files: int


@attrs.frozen
class CheckCache:
    """Rows without their file go, and files without a row. Contents were verified when they were written.

    A lost file on which groups count is restored again.
    """

    unit_of_work: UnitOfWorkFactory
    cache: Cache
    clock: Clock

    async def execute(self) -> CacheChecked:
        """What was removed. Raises ``DatabaseUnavailable``, ``StorageUnavailable``."""
        async with self.unit_of_work() as work:
            tenants = await work.tenants.names()
        rows = sum([await self._check_rows(tenant) for tenant in tenants])
        return CacheChecked(removed_rows=rows, removed_files=await self._check_files())

    async def _check_rows(self, tenant: str) -> int:
        count, after = 0, None
        lost_copies = LostCopies(self.unit_of_work, self.cache, self.clock)
        while True:
            async with self.unit_of_work() as work:
                await work.restorations.lock(tenant)
                page = await work.cached_copies.internal_page(tenant, after=after, limit=PAGE)
                wrong = [copy for copy in page if await lost_copies.is_lost(copy)]
                await lost_copies.forget(work, wrong)
                await work.commit()
            count += len(wrong)
            if len(page) < PAGE:
                return count
            after = page[-1].checksum

    async def _check_files(self) -> int:
        count = 0
        pages: dict[str, list[Lying]] = {}
        async for lying in self.cache.scan():
            page = pages.setdefault(lying.tenant, [])
            page.append(lying)
            if len(page) >= PAGE:
                count += await self._remove_strays(lying.tenant, pages.pop(lying.tenant))
        for tenant, page in pages.items():
            count += await self._remove_strays(tenant, page)
        return count

    async def _remove_strays(self, tenant: str, page: Sequence[Lying]) -> int:
        async with self.unit_of_work() as work:
            # A copy gets its place and its row under the same lock, so what has no row now will get none.
            await work.restorations.lock(tenant)
            known = await work.cached_copies.by_urls(tenant, [lying.url for lying in page])
            old = self.clock.now() - OLD
            strays = [
                lying for lying in page if (lying.changed_at < old if lying.is_temporary else lying.url not in known)
            ]
            for lying in strays:
                await self.cache.remove(lying.url)
            await work.commit()
        return len(strays)
