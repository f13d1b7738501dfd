"""Start the restorations whose turn it is, as far as the cache has room."""

from datetime import datetime

import attrs

from application.errors import PluginUnusable
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.storage import NearlineStorage, StorageRegistry
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.conclude_restorations import ConcludeRestorations, Ended
from domain.cache import Fit, Room
from domain.restoration import Restoration, RestorationState
from domain.selection import Copy, restorable

MOST_AT_ONCE = 200
"""Restorations that one transaction starts, so that others are not kept waiting."""


@attrs.frozen(kw_only=True)
class _Started:
    started: list[Restoration]
    ended: list[Ended]
    is_full: bool
    """Whether one is waiting for room. Nothing that needs room overtakes it, or large files would wait for ever."""


@attrs.frozen
class StartRestorations:
    """Give waiting restorations their attempt, those first that have waited longest.

    What the cache has no room for waits; what is larger than the whole cache fails at once. Room is reserved in the
    transaction that starts an attempt, so any number of workers together never overfill the cache.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self) -> int:
        """How many were started. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = await work.restorations.storages_due(self.clock.now())
        count, full = 0, set[str]()
        for tenant, storage in storages:
            async with self.unit_of_work() as work:
                done = await self._start(work, tenant, storage, is_full=tenant in full)
                if done.started or done.ended:
                    await work.restorations.save(done.started)
                    if done.ended:
                        await self.conclude.execute(work, tenant, done.ended, self.clock.now())
                    await work.commit()
            count += len(done.started)
            if done.is_full:
                full.add(tenant)
        return count

    async def _start(self, work: UnitOfWork, tenant: str, storage: str, *, is_full: bool) -> _Started:
        now = self.clock.now()
        done = _Started(started=[], ended=[], is_full=is_full)
        await work.restorations.lock(tenant)
        settings = await work.settings.current(tenant)
        cached, reserved = await work.cached_copies.used_bytes(tenant)
        room = Room(limit_bytes=settings.cache_bytes, cached_bytes=cached, reserved_bytes=reserved)
        due = await work.restorations.due(tenant, storage, now, MOST_AT_ONCE)
        found = await work.files.known(tenant, [row.checksum for row in due])
        for row in due:
            copy = _best(row, found.get(row.checksum), now)
            if copy is None or (keeps := self._keeps_readable(copy)) is None:
                # It counts as an attempt: a storage may come back, a file that is gone will not.
                tried = attrs.evolve(row, attempts=row.attempts + 1)
                _add(done, tried.failed(_why_not(copy), now, is_retryable=row.checksum in found))
                continue
            needed = 0 if keeps else row.size_bytes
            fit = room.fit(needed)
            if fit is Fit.NEVER:
                reason = f"The file has {needed} bytes, and the cache of the tenant may hold {room.limit_bytes} in all."
                _add(done, row.failed(reason, now, is_retryable=False))
            elif needed and (done.is_full or fit is Fit.WAITS):
                done = attrs.evolve(done, is_full=True)
            else:
                room = room.with_reserved(needed)
                started = attrs.evolve(row, storage=copy.location.storage)
                done.started.append(started.started(reserved_bytes=needed, now=now))
        return done

    def _keeps_readable(self, copy: Copy) -> bool | None:
        """Whether the storage serves what it restored; ``None`` when it cannot restore."""
        assert copy.storage is not None, "restorable copies are on configured storages"
        try:
            storage = self.registry.storage(copy.storage)
        except PluginUnusable:
            return None
        return storage.keeps_readable if isinstance(storage, NearlineStorage) else None


def _add(done: _Started, row: Restoration) -> None:
    if row.state is RestorationState.FAILED:
        done.ended.append(Ended(restoration=row))
    else:
        done.started.append(row)


def _best(row: Restoration, found: FoundFile | None, now: datetime) -> Copy | None:
    """The copy on the storage that was chosen when the file was asked for, or another one that can be restored now."""
    if found is None:
        return None
    copies = restorable([attrs.evolve(copy, readable_until=None) for copy in found.copies], now)
    same = [copy for copy in copies if copy.location.storage == row.storage and not copy.is_cooling(now)]
    return next(iter([*same, *copies]), None)


def _why_not(copy: Copy | None) -> str:
    if copy is None:
        return "No copy of the file is on a storage that can restore it now."
    return f"The plugin of the storage {copy.location.storage!r} cannot restore now."
