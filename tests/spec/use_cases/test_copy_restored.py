"""Restored files are copied side by side; a storage that is slow or hangs holds up its own files only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from domain.restoration import Restoration, RestorationState
from domain.storage_location import StorageType
from tests.factories import NOW, SIZE, TENANT, a_file, a_location, a_storage
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorage, Misbehaviour
from tests.spec.use_cases.restoration_archive import Archive

pytestmark = pytest.mark.anyio


class Restored(Archive):
    """Everything is restored already and waits to be copied."""

    def waits(self, checksum: str, storage: str) -> None:
        location = a_location(checksum, storage, version=None)
        self.world.holds(a_storage(storage, storage_type=StorageType.NEARLINE), a_file(checksum, size=SIZE), location)
        InMemoryStorage.put(self.storage(storage), location.url, bytes(SIZE))
        row = Restoration(
            tenant=TENANT,
            checksum=checksum,
            storage=storage,
            size_bytes=SIZE,
            available_hours=24,
            requested_at=NOW,
            next_attempt_at=NOW,
            state=RestorationState.COPYING,
        )
        self.world.tables.restorations[TENANT, checksum] = row

    def storage(self, name: str) -> InMemoryNearlineStorage:
        found = self.registry.storages.setdefault(name, Awake(self.clock))
        assert isinstance(found, InMemoryNearlineStorage)
        return found

    def hangs(self, name: str) -> Misbehaviour:
        script = Misbehaviour(opening_stalls=True)
        self.storage(name).misbehave(script)
        return script

    def in_hand(self) -> list[str]:
        rows = self.world.tables.restorations.values()
        return sorted(row.checksum for row in rows if row.holder is not None and row.is_under_way)

    def copied(self) -> list[str]:
        return sorted(checksum for _, checksum in self.world.tables.cached_copies)

    async def until_copied(self, *checksums: str) -> None:
        async with asyncio.timeout(30):
            while self.copied() != sorted(checksums):  # noqa: ASYNC110 - the world in memory tells nobody
                await asyncio.sleep(0.001)


class Awake(InMemoryNearlineStorage):
    """Everything in it can be read."""

    open = InMemoryStorage.open


@asynccontextmanager
async def at_work(archive: Restored, **changes: int) -> AsyncIterator[None]:
    working = asyncio.create_task(attrs.evolve(archive.copying(), **changes).execute())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait((working,))


async def test_a_storage_that_hangs_leaves_the_others_their_turns() -> None:
    archive = Restored()
    for number in range(40):
        archive.waits(f"hung{number:02}", "hung")
    archive.waits("well", "tape2")
    archive.hangs("hung")

    async with at_work(archive):
        await archive.until_copied("well")
        assert archive.in_hand() == ["hung00", "hung01", "hung02", "hung03"]


async def test_what_comes_while_a_storage_hangs_is_taken_in_hand() -> None:
    archive = Restored()
    archive.waits("hung", "hung")
    archive.waits("first", "tape2")
    archive.hangs("hung")

    async with at_work(archive):
        await archive.until_copied("first")
        archive.waits("later", "tape2")
        await archive.until_copied("first", "later")


async def test_there_are_never_more_than_so_many_copies_in_all() -> None:
    archive, begun = Restored(), asyncio.Semaphore(0)
    for number in range(9):
        archive.waits(f"c{number}", f"hung{number}")
        archive.hangs(f"hung{number}").stalled = begun.release

    async with at_work(archive, at_once=1, storages_at_once=3), asyncio.timeout(30):
        for _ in range(3):
            await begun.acquire()
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert archive.in_hand() == ["c0", "c1", "c2"]


async def test_one_who_stops_lets_go_of_what_it_copied() -> None:
    archive = Restored()
    archive.waits("hung", "hung")
    script = archive.hangs("hung")
    began = asyncio.Event()
    script.stalled = began.set

    async with at_work(archive):
        await began.wait()

    assert archive.storage("hung").open_sources == []
    assert archive.cache.entries == {}


async def test_what_somebody_left_in_the_place_of_a_file_does_not_overfill_the_cache() -> None:
    archive = Restored()
    archive.waits("c1", "tape2")
    row = archive.world.tables.restorations[TENANT, "c1"]

    async with at_work(archive):
        await archive.until_copied("c1")
    # Its record was never committed.
    archive.world.tables.cached_copies.clear()
    archive.world.tables.restorations[TENANT, "c1"] = row
    async with at_work(archive):
        await archive.until_copied("c1")

    assert archive.cache.most_bytes == SIZE
