"""Telling every instance which storages to leave alone, without making any download wait for it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import attrs

from application.errors import Conflict, DatabaseUnavailable
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.cool_down import CoolDown, after_failure
from domain.selection import Copy

LONGEST_REASON = 300

Key = tuple[str, str]


@attrs.define(eq=False)
class CoolDowns:
    """Notes failures and successes of storages; what changes is written together, in the background.

    - At most one write for a storage and cool-down: a failure of a storage that is being left alone writes nothing.
    - A success writes only when there is a cool-down to end, and ends none that began after the copy was looked up.
    - What the database does not take is dropped: the next failure says it again.
    """

    _new_unit: UnitOfWorkFactory
    _clock: Clock
    _began: Callable[[], None] = lambda: None
    """Told of every cool-down that begins here."""
    _failed: dict[Key, str] = attrs.field(factory=dict)
    _well: dict[Key, Copy] = attrs.field(factory=dict)
    _known: dict[Key, CoolDown] = attrs.field(factory=dict)
    _ended: dict[Key, datetime] = attrs.field(factory=dict)
    _writing: "asyncio.Task[None] | None" = None

    def failed(self, copy: Copy, error: Exception) -> None:
        """The storage of this copy, not only the copy, did not answer as it should."""
        now, key = self._clock.now(), _key(copy)
        known = self._known.get(key)
        if copy.is_cooling(now) or (known is not None and known.is_cooling(now)) or key in self._failed:
            return
        self._failed[key] = str(error)[:LONGEST_REASON].replace("\x00", "")
        self._well.pop(key, None)
        self._write_soon()

    def succeeded(self, copy: Copy) -> None:
        """A copy on this storage was read as far as was asked."""
        key = _key(copy)
        is_news = copy.cooling_until is not None and self._ended.get(key) != copy.cooling_until
        if not is_news or key in self._failed:
            return
        self._well[key] = copy
        self._write_soon()

    async def flush(self) -> None:
        """Wait until everything noted so far is written, or dropped."""
        while self._writing is not None:
            await asyncio.shield(self._writing)

    def _write_soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._failed or self._well:
                # Taken out when they are written: until then a further failure of the same storage adds nothing.
                failed, well = dict(self._failed), dict(self._well)
                try:
                    async with self._new_unit() as work:
                        await self._record(work, failed, well)
                except (DatabaseUnavailable, Conflict):
                    pass
                finally:
                    for key in failed:
                        self._failed.pop(key, None)
                    for key, copy in well.items():
                        if self._well.get(key) is copy:
                            del self._well[key]
        finally:
            self._writing = None

    async def _record(self, work: UnitOfWork, failed: dict[Key, str], well: dict[Key, Copy]) -> None:
        now, begun = self._clock.now(), []
        for (tenant, storage), copy in sorted(well.items()):
            assert copy.cooling_until is not None, "only then it was noted"
            await work.cool_downs.end(tenant, storage, cooling_until=copy.cooling_until)
            self._known.pop((tenant, storage), None)
            self._ended[tenant, storage] = copy.cooling_until
        for (tenant, storage), reason in sorted(failed.items()):
            earlier = await work.cool_downs.get(tenant, storage)
            found = after_failure(earlier, tenant=tenant, storage=storage, reason=reason, now=now)
            if found is not earlier:
                await work.cool_downs.save(found)
                begun.append(found)
            self._known[tenant, storage] = found
        await work.commit()
        for _ in begun:
            self._began()


def _key(copy: Copy) -> Key:
    return copy.location.tenant, copy.location.storage
