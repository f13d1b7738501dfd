"""Copy what storages have restored into the internal cache."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import attrs

from application.delivery.guarded import Deadlines, open_guarded
from application.errors import CopyMissing, LocationRefused, PluginUnusable, StorageUnavailable
from application.ports.cache import Cache, Filled
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.conclude_restorations import ConcludeRestorations, Ended
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.file import ArchiveFile
from domain.restoration import Restoration, RestorationState
from domain.selection import Copy

LEASE = timedelta(seconds=30)
PATIENCE = Deadlines(open_seconds=60.0, read_seconds=120.0)
"""How long a storage may take to open a copy, and for its next bytes."""
STORAGES_AT_ONCE = 8
"""So many storages may hold all copies that they may before the others have to wait."""


@attrs.frozen(kw_only=True)
class CopyRestored:
    """Any number of workers copy at the same time, each a few files; one that dies is followed by another.

    Of one storage ``at_once`` files are copied, so that one that is slow or hangs holds up its own files only; what is
    asked for meanwhile, of others, is taken in hand within ``look_again_seconds``.
    A copy is verified, gets its place and is recorded while nobody else changes the cache of the tenant. Whoever has
    lost a restoration, because it was cancelled or taken over, publishes nothing.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    cache: Cache
    clock: Clock
    holder: str
    at_once: int = 4
    storages_at_once: int = STORAGES_AT_ONCE
    renew_seconds: float = 8.0
    look_again_seconds: float = 2.0
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self) -> int:
        """Copy until nothing is left to copy; how many were handled. Raises ``DatabaseUnavailable``."""
        copying: dict[asyncio.Task[None], _Place] = {}
        count = 0
        try:
            while True:
                while (row := await self._taken(Counter(copying.values()))) is not None:
                    copying[asyncio.create_task(self._copy(row))] = (row.tenant, row.storage)
                    count += 1
                if not copying:
                    return count
                done, _ = await asyncio.wait(
                    copying, timeout=self.look_again_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    del copying[task]
                    task.result()
        finally:
            for task in copying:
                task.cancel()
            await asyncio.gather(*copying, return_exceptions=True)

    async def _taken(self, copying: Counter["_Place"]) -> Restoration | None:
        """The next one to copy, of a storage that does not have its share yet."""
        if copying.total() >= self.at_once * self.storages_at_once:
            return None
        now = self.clock.now()
        async with self.unit_of_work() as work:
            taken = await work.restorations.claim(
                RestorationState.COPYING,
                self.holder,
                now=now,
                until=now + LEASE,
                limit=1,
                besides=[place for place, count in copying.items() if count >= self.at_once],
            )
            await work.commit()
        return taken[0] if taken else None

    async def _copy(self, row: Restoration) -> None:
        async with self.unit_of_work() as work:
            found = await work.files.get(row.tenant, row.checksum)
        copy = _on(row.storage, found)
        if found is None or copy is None or copy.storage is None:
            await self._fail(row, "The file is no longer registered on its storage.", is_retryable=True)
            return
        try:
            await self._clear(row, found.file)
            filled = await self._filled(row, found, copy)
        except (CopyMissing, LocationRefused) as error:
            await self._fail(row, str(error), is_retryable=False)
        except (StorageUnavailable, PluginUnusable) as error:
            await self._fail(row, str(error), is_retryable=True)
        except _Lost:
            return
        else:
            await self._publish(row, filled)

    async def _clear(self, row: Restoration, file: ArchiveFile) -> None:
        """Remove what somebody put into the file's place who died before it was recorded: nobody counts its bytes."""
        async with self.unit_of_work() as work:
            await work.restorations.lock(row.tenant)
            if row.checksum not in await work.cached_copies.of_files(row.tenant, [row.checksum]):
                await self.cache.remove(self.cache.url_of(file))

    async def _filled(self, row: Restoration, found: FoundFile, copy: Copy) -> Filled:
        progress = _Progress()
        reading = asyncio.create_task(self._read(found.file, copy, progress))
        try:
            while not (await asyncio.wait({reading}, timeout=self.renew_seconds))[0]:
                if not await self._renewed(row, progress.count):
                    raise _Lost
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, file: ArchiveFile, copy: Copy, progress: "_Progress") -> Filled:
        assert copy.storage is not None, "looked at before"
        storage = self.registry.storage(copy.storage)
        source = await open_guarded(storage, copy.location, file.size_bytes, PATIENCE)
        try:
            return await self.cache.fill(file, source, progress.to)
        finally:
            await source.aclose()

    async def _renewed(self, row: Restoration, restored_bytes: int) -> bool:
        now = self.clock.now()
        async with self.unit_of_work() as work:
            is_ours = await work.restorations.renew(
                row, self.holder, restored_bytes=restored_bytes, now=now, until=now + LEASE
            )
            await work.commit()
        return is_ours

    async def _publish(self, row: Restoration, filled: Filled) -> None:
        try:
            async with self.unit_of_work() as work:
                now = self.clock.now()
                current = await self._still_ours(work, row)
                if current is None:
                    return
                requests = await work.restorations.live_requests(row.tenant, [row.checksum])
                hours = max([r.available_hours for r in requests if r.is_waiting], default=current.available_hours)
                until = now + timedelta(hours=hours)
                await self.cache.publish(filled)
                ended = Ended(
                    restoration=attrs.evolve(current.available(until, now), restored_bytes=row.size_bytes),
                    copy=_published(row, filled, until, now),
                )
                await self.conclude.execute(work, row.tenant, [ended], now)
                await work.commit()
        except StorageUnavailable as error:
            await self._fail(row, str(error), is_retryable=True)
        finally:
            await self.cache.discard(filled)

    async def _fail(self, row: Restoration, reason: str, *, is_retryable: bool) -> None:
        async with self.unit_of_work() as work:
            current = await self._still_ours(work, row)
            if current is None:
                return
            now = self.clock.now()
            after = current.failed(reason, now, is_retryable=is_retryable)
            if after.is_under_way:
                await work.restorations.save([after])
            else:
                await self.conclude.execute(work, row.tenant, [Ended(restoration=after)], now)
            await work.commit()

    async def _still_ours(self, work: UnitOfWork, row: Restoration) -> Restoration | None:
        await work.restorations.lock(row.tenant)
        current = (await work.restorations.of_files(row.tenant, [row.checksum])).get(row.checksum)
        return current if current is not None and current.is_held_by(self.holder) else None


_Place = tuple[str, str]
"""A tenant and one of its storages."""


class _Lost(Exception):
    """The restoration is somebody else's by now, or nobody wants it any more."""


@attrs.define
class _Progress:
    count: int = 0

    def to(self, count: int) -> None:
        self.count = count


def _on(storage: str, found: FoundFile | None) -> Copy | None:
    copies = () if found is None else found.copies
    return next((copy for copy in copies if copy.location.storage == storage), None)


def _published(row: Restoration, filled: Filled, until: datetime, now: datetime) -> CachedCopy:
    return CachedCopy(
        tenant=row.tenant,
        checksum=row.checksum,
        storage=INTERNAL_CACHE,
        url=filled.url,
        size_bytes=row.size_bytes,
        published_at=now,
        expires_at=until,
    )
