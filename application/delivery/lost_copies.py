"""Restored copies whose files are gone from the cache: noticed where they are used, and made up for at once."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from application.ports.cache import Cache
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.restorations import RestorationRepository
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.cached_copy import CachedCopy
from domain.restoration import Restoration, RestorationRequest, hours_still_wished
from domain.selection import in_order_of_choice, restorable


@attrs.frozen
class LostCopies:
    """A copy in the cache without its file, or with one of another size, is none, whatever its record says.

    - Its record goes, so that everybody is answered as for a file that is not restored.
    - While groups count on the file, it is restored again for the rest of the time that they asked for.
    """

    unit_of_work: UnitOfWorkFactory
    cache: Cache
    clock: Clock

    async def report(self, tenant: str, checksum: str) -> bool:
        """Somebody could not read the copy: ``True`` when it is lost indeed.

        Raises ``DatabaseUnavailable``, and ``StorageUnavailable`` when the cache cannot be looked at.
        """
        async with self.unit_of_work() as work:
            await work.restorations.lock(tenant)
            found = (await work.cached_copies.of_files(tenant, [checksum])).get(checksum)
            lost = found is not None and await self.is_lost(found)
            if found is not None and lost:
                await self.forget(work, [found])
                await work.commit()
        return lost

    async def is_lost(self, copy: CachedCopy) -> bool:
        """Whether the cache does not hold it (any more). Raises ``StorageUnavailable``."""
        return copy.is_internal and await self.cache.size_of(copy.url) != copy.size_bytes

    async def forget(self, work: UnitOfWork, lost: Sequence[CachedCopy]) -> None:
        """Do so with lost copies of one tenant, whose restorations the caller has locked, and who commits."""
        if not lost:
            return
        now, tenant, checksums = self.clock.now(), lost[0].tenant, [copy.checksum for copy in lost]
        for copy in lost:
            await self.cache.remove(copy.url)
        await work.cached_copies.remove(lost)
        files = await work.files.known(tenant, checksums)
        under_way = await _under_way(work.restorations, tenant, checksums)
        requests = await work.restorations.live_requests(tenant, checksums)
        again = [
            _again(file, [row for row in requests if row.checksum == checksum], now)
            for checksum, file in files.items()
            if checksum not in under_way
        ]
        await work.restorations.save([restoration for restoration in again if restoration is not None])


async def _under_way(restorations: RestorationRepository, tenant: str, checksums: Sequence[str]) -> set[str]:
    return {checksum for checksum, row in (await restorations.of_files(tenant, checksums)).items() if row.is_under_way}


def _again(found: FoundFile, requests: Sequence[RestorationRequest], now: datetime) -> Restoration | None:
    """Another restoration of the file, if somebody counts on it and there is no other way to read it."""
    hours = hours_still_wished(requests, now)
    copies = [copy for copy in found.copies if copy.readable_until is None]
    asleep = restorable(copies, now)
    if not hours or not asleep or in_order_of_choice(copies, now):
        return None
    return Restoration(
        tenant=found.file.tenant,
        checksum=found.file.checksum,
        storage=asleep[0].location.storage,
        size_bytes=found.file.size_bytes,
        available_hours=hours,
        requested_at=now,
        next_attempt_at=now,
    )
