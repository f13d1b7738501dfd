"""Two workers, two nearline storages and a cache, over any unit of work; workers may die at any commit."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Self

import attrs

from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.check_cache import CheckCache
from application.use_cases.copy_restored import CopyRestored
from application.use_cases.end_restorations import CancelRestoration, EndRestorationRequest, ReleaseRestoration
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.follow_restorations import FollowRestorations
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from application.use_cases.start_restorations import StartRestorations
from domain.cached_copy import CachedCopy
from domain.restoration import RestorationGroup, RestorationRequest
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_file, a_location, a_storage
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.ids import SequentialIds
from tests.fakes.in_memory_cache import InMemoryCache
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorageRegistry

Environment = Callable[[], AbstractAsyncContextManager[UnitOfWorkFactory]]

LIMIT_KB = 1
LIMIT = 1024 * LIMIT_KB
TAPE = {"t300": 300, "t301": 301, "t400": 400, "t700": 700, "t1024": 1024}
TOO_LARGE = {"t1025": 1025}
VAULT = {"v1": 5000, "v2": 7000}
FILES = {**TAPE, **TOO_LARGE, **VAULT}


class Died(Exception):
    """The worker is gone."""


@attrs.define
class Death:
    """At which commit a worker dies, and whether it still reaches the database."""

    at_commit: int
    is_committed: bool


class _Mortal:
    """A unit of work of a worker that dies at a commit."""

    def __init__(self, inner: UnitOfWork, death: Death) -> None:
        self._inner = inner
        self._death = death

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def __aenter__(self) -> Self:
        if self._death.at_commit <= 0:
            raise Died
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._inner.__aexit__(*error)

    async def commit(self) -> None:
        self._death.at_commit -= 1
        if self._death.at_commit == 0 and not self._death.is_committed:
            raise Died
        await self._inner.commit()
        if self._death.at_commit == 0:
            raise Died


class WatchfulStorage(InMemoryNearlineStorage):
    """Notes what it is asked to restore although it is restoring it, or although it can be read."""

    def __init__(self, clock: FixedClock, *, keeps_readable: bool) -> None:
        super().__init__(clock, keeps_readable=keeps_readable)
        self.needless: list[str] = []

    async def restore(self, url: str, *, hours: int) -> None:
        sleeping = self._sleeping[url]
        is_readable = self._availability(url).is_readable(self._clock.now())
        if sleeping.hours is not None or (is_readable and not self.keeps_readable):
            self.needless.append(url)
        await super().restore(url, hours=hours)

    def restoring(self) -> list[str]:
        return sorted(url for url, sleeping in self._sleeping.items() if sleeping.hours is not None)


class RestorationWorld:
    """Everything on one loop of its own."""

    def __init__(self, environment: Environment) -> None:
        self._runner = asyncio.Runner()
        self._open = environment()
        self.work: UnitOfWorkFactory = self.run(self._open.__aenter__())
        self.clock, self.ids = FixedClock(), SequentialIds()
        self.cache = InMemoryCache(self.clock)
        self.tape = WatchfulStorage(self.clock, keeps_readable=False)
        self.vault = WatchfulStorage(self.clock, keeps_readable=True)
        self.registry = InMemoryStorageRegistry({"tape": self.tape, "vault": self.vault})
        self.run(self._prepare())

    def close(self) -> None:
        try:
            self.run(self._open.__aexit__(None, None, None))
        finally:
            self._runner.close()

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    async def _prepare(self) -> None:
        async with self.work() as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.settings.put(TENANT, "cacheMaxSize", LIMIT_KB)
            nearline = StorageType.NEARLINE
            await unit.storages.save(
                [a_storage("tape", storage_type=nearline), a_storage("vault", storage_type=nearline, priority=1)]
            )
            files, locations = [], []
            for checksum, size in FILES.items():
                storage = "vault" if checksum in VAULT else "tape"
                location = a_location(checksum, storage, version=None)
                files.append(a_file(checksum, size=size))
                locations.append(location)
                (self.vault if checksum in VAULT else self.tape).put(location.url, bytes(size))
            await unit.files.save(files, locations)
            await unit.commit()

    def ask(self, group: str, checksums: Sequence[str], hours: int) -> None:
        request = RequestRestorationRequest(
            tenant=TENANT, group_id=group, checksums=tuple(checksums), available_hours=hours
        )
        self.run(RequestRestoration(self.work, self.clock, self.ids).execute(request))

    def cancel(self, group: str) -> None:
        self.run(CancelRestoration(self.work, self.clock).execute(self._end(group, None)))

    def release(self, group: str, checksums: tuple[str, ...] | None) -> None:
        self.run(ReleaseRestoration(self.work, self.clock).execute(self._end(group, checksums)))

    def _end(self, group: str, checksums: tuple[str, ...] | None) -> EndRestorationRequest:
        return EndRestorationRequest(tenant=TENANT, group_id=group, checksums=checksums)

    def let_work(self, worker: str, what: str, death: Death | None = None) -> None:
        """One job of a worker, which may die of it."""
        mortal = Death(at_commit=1_000_000, is_committed=True) if death is None else death

        def work() -> Any:
            return _Mortal(self.work(), mortal)

        jobs: dict[str, Any] = {
            "start": StartRestorations(work, self.registry, self.clock),
            "follow": FollowRestorations(
                unit_of_work=work,
                registry=self.registry,
                clock=self.clock,
                holder=worker,
                look_again=timedelta(seconds=5),
                patience=timedelta(hours=24),
            ),
            "copy": CopyRestored(
                unit_of_work=work,
                registry=self.registry,
                cache=self.cache,
                clock=self.clock,
                holder=worker,
                at_once=1,
                storages_at_once=1,
            ),
            "expire": ExpireCopies(work, self.cache, self.clock),
            "check": CheckCache(work, self.cache, self.clock),
        }
        try:
            self.run(jobs[what].execute())
        except* Died:
            assert death is not None, "only the mortal die"

    def look(self) -> "Sight":
        """What is true now, in one read."""
        sight: Sight = self.run(self._look())
        return sight

    async def _look(self) -> "Sight":
        async with self.work() as unit:
            groups = await unit.restorations.groups(TENANT, after=None, limit=1000)
            events = await unit.outbox.page(TENANT, after=0, limit=100_000)
            return Sight(
                used=await unit.cached_copies.used_bytes(TENANT),
                copies=await unit.cached_copies.of_files(TENANT, list(FILES)),
                groups=groups,
                waiting={
                    group_id
                    for group_id, counts in (
                        await unit.restorations.counts(TENANT, [group.group_id for group in groups])
                    ).items()
                    if counts.waiting
                },
                told=[(e.type, str(e.payload["group_id"])) for e in events if e.type.startswith("RestorationGroup")],
            )

    def requests(self) -> list[RestorationRequest]:
        """The requests of all groups."""

        async def read() -> list[RestorationRequest]:
            async with self.work() as unit:
                groups = await unit.restorations.groups(TENANT, after=None, limit=1000)
                return [row for group in groups for row in await unit.restorations.of_group(TENANT, group.group_id)]

        found: list[RestorationRequest] = self.run(read())
        return found


@attrs.frozen(kw_only=True)
class Sight:
    """``used``: cached and reserved bytes. ``waiting``: groups in which a request waits. ``told``: events of groups."""

    used: tuple[int, int]
    copies: dict[str, CachedCopy]
    groups: tuple[RestorationGroup, ...]
    waiting: set[str]
    told: list[tuple[str, str]]
