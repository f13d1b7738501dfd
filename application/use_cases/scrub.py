"""Read old copies again, slowly, so that a damaged one is found before somebody needs it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import attrs

from application.errors import LocationRefused, StorageUnavailable
from application.ports.clock import Clock
from application.ports.metrics import NO_METRICS, DownloadMetrics
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.verify_copy import VerifyCopy, VerifyCopyRequest
from domain.errors import FileNotReadable, InvalidValue, NotFound
from domain.file import FileLocation
from domain.scrub import ScrubPolicy, oldest_first, scrubbable

RUN = timedelta(minutes=5)
"""A run begins no further copy after so long, so that its outcome is recorded now and then."""
BATCH = 100
"""Copies of each storage that are looked up together."""
UNREADABLE_FOR = timedelta(hours=1)
"""How long this worker passes over a copy that could not be read, so that it does not hold up those after it."""

Key = tuple[str, str, str]


@attrs.frozen(kw_only=True)
class ScrubResult:
    """How many copies were read and found right or wrong, how many could not be read, and how many bytes it took."""

    right: int = 0
    wrong: int = 0
    unreadable: int = 0
    read_bytes: int = 0


@attrs.define(eq=False, kw_only=True)
class Scrub:
    """Verify copies that were not verified for long: never verified ones first, then the oldest, over all storages.

    - The rate is never exceeded, and copies are read one after the other; it goes on where any worker left off.
    - Wrong copies become suspects; what cannot be read proves nothing, and is passed over for a while.
    - A storage that fails is left for this run, and by others while it cools down. Nearline copies are never read.
    - It is a job of one worker at a time (``RunJob``); a copy whose reading is broken off is begun anew.
    """

    unit_of_work: UnitOfWorkFactory
    verify_copy: VerifyCopy
    clock: Clock
    policy: ScrubPolicy
    metrics: DownloadMetrics = NO_METRICS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _unreadable: dict[Key, datetime] = attrs.field(factory=dict, init=False)

    async def execute(self) -> ScrubResult:
        """One run. Raises ``DatabaseUnavailable``; what was verified before stays so."""
        if not self.policy.is_on:
            return ScrubResult()
        begun = self.clock.monotonic()
        results: Counter[str] = Counter()
        pace = _Pace(self.policy, self.clock, self.sleep)
        left: set[tuple[str, str]] = set()
        while due := await self._due(left):
            for location in due:
                if self.clock.monotonic() - begun >= RUN.total_seconds():
                    return _summed(results, pace)
                if (location.tenant, location.storage) in left:
                    continue
                result = await self._verify(location, pace, left)
                if result is not None:
                    results[result] += 1
        return _summed(results, pace)

    async def _due(self, left: set[tuple[str, str]]) -> tuple[FileLocation, ...]:
        now = self.clock.now()
        self._unreadable = {key: since for key, since in self._unreadable.items() if now - since < UNREADABLE_FOR}
        found: list[FileLocation] = []
        async with self.unit_of_work() as work:
            for tenant in await work.tenants.names():
                storages = scrubbable(await work.storages.all(tenant), await work.cool_downs.all(tenant), now)
                for storage in storages:
                    if (tenant, storage.name) in left:
                        continue
                    passed_over = sum(key[:2] == (tenant, storage.name) for key in self._unreadable)
                    found += await work.scrub.due(
                        tenant,
                        storage.name,
                        verified_before=self.policy.due_before(now),
                        limit=BATCH + passed_over,
                    )
        return oldest_first(copy for copy in found if _key(copy) not in self._unreadable)[:BATCH]

    async def _verify(self, location: FileLocation, pace: "_Pace", left: set[tuple[str, str]]) -> str | None:
        request = VerifyCopyRequest(tenant=location.tenant, checksum=location.checksum, storage=location.storage)
        before = pace.read_bytes
        try:
            found = await self.verify_copy.execute(request, pace=pace)
        except (NotFound, FileNotReadable, InvalidValue):
            # Gone, or registered anew, since it was looked up.
            self._unreadable[_key(location)] = self.clock.now()
            return None
        except (StorageUnavailable, LocationRefused):
            self._unreadable[_key(location)] = self.clock.now()
            left.add((location.tenant, location.storage))
            result = "unreadable"
        else:
            result = "right" if found.is_right else "wrong"
        self.metrics.scrubbed(result, pace.read_bytes - before)
        return result


@attrs.define(eq=False)
class _Pace:
    """Waits after each read until the rate allows the next; counts from the last time that it was too slow anyway."""

    _policy: ScrubPolicy
    _clock: Clock
    _sleep: Callable[[float], Awaitable[None]]
    read_bytes: int = 0
    _since: float = attrs.field(init=False)
    _counted: int = 0

    def __attrs_post_init__(self) -> None:
        self._since = self._clock.monotonic()

    async def __call__(self, count: int) -> None:
        self.read_bytes += count
        self._counted += count
        pause = self._policy.pause(self._counted, self._clock.monotonic() - self._since)
        if pause > 0:
            await self._sleep(pause)
        else:
            # Time that was not used is not saved up: a slow storage is no reason for a burst on the next one.
            self._since, self._counted = self._clock.monotonic(), 0


def _summed(results: "Counter[str]", pace: _Pace) -> ScrubResult:
    return ScrubResult(**results, read_bytes=pace.read_bytes)


def _key(copy: FileLocation) -> Key:
    return copy.tenant, copy.storage, copy.checksum
