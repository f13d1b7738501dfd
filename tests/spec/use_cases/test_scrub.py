"""Old copies are read again, slowly, and what is wrong becomes a suspect."""

import hashlib
from datetime import timedelta

import attrs
import pytest

from application.delivery.cool_downs import CoolDowns
from application.ports.metrics import NoDownloadMetrics
from application.use_cases.read_scrub_report import ReadScrubReport
from application.use_cases.run_job import Job, RunJob
from application.use_cases.scrub import RUN, Scrub, ScrubResult
from application.use_cases.verify_copy import VerifyCopy
from domain.scrub import ScrubPolicy
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_file, a_location, a_storage
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry, Misbehaviour
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
SIZE = 1000


@attrs.define
class Counted(NoDownloadMetrics):
    results: list[tuple[str, int]] = attrs.field(factory=list)

    def scrubbed(self, result: str, read_bytes: int) -> None:
        self.results.append((result, read_bytes))


class Archive:
    """Files of 1000 bytes on storages, and a scrub of 100 bytes a second; sleeping moves the clock."""

    def __init__(self) -> None:
        self.database = InMemoryDatabase()
        self.database.tables.tenants[TENANT] = NOW
        self.clock = FixedClock()
        self.registry = InMemoryStorageRegistry()
        self.metrics = Counted()
        self.cool_downs = CoolDowns(self.unit_of_work, self.clock)

    def unit_of_work(self) -> InMemoryUnitOfWork:
        return InMemoryUnitOfWork(self.database)

    def scrub(self, rate: int = 100, age: timedelta = 30 * DAY) -> Scrub:
        return Scrub(
            unit_of_work=self.unit_of_work,
            verify_copy=VerifyCopy(self.unit_of_work, self.registry, self.clock, cool_downs=self.cool_downs),
            clock=self.clock,
            policy=ScrubPolicy(bytes_per_second=rate, age=age),
            metrics=self.metrics,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def storage(self, name: str = "disk", storage_type: StorageType = StorageType.ONLINE) -> InMemoryStorage:
        tables = self.database.tables
        if (TENANT, name) not in tables.storages:
            tables.storages[TENANT, name] = a_storage(name, storage_type=storage_type, priority=len(tables.storages))
        return self.registry.storages.setdefault(name, InMemoryStorage())

    def add(self, number: int, storage: str = "disk", *, days_ago: float | None = None, algorithm: str = "MD5") -> str:
        data = bytes([number]) * SIZE
        checksum = hashlib.md5(data).hexdigest()
        tables = self.database.tables
        tables.files[TENANT, checksum] = attrs.evolve(a_file(checksum, size=SIZE), algorithm=algorithm)
        location = a_location(checksum, storage)
        version = self.storage(storage).put(location.url, data)
        at = None if days_ago is None else NOW - days_ago * DAY
        tables.locations[TENANT, checksum, storage] = attrs.evolve(location, version=version, verified_at=at)
        return checksum

    def location(self, checksum: str, storage: str = "disk"):
        return self.database.tables.locations[TENANT, checksum, storage]


@pytest.fixture
def archive() -> Archive:
    return Archive()


async def test_every_due_copy_is_read_at_the_rate_and_noted(archive: Archive) -> None:
    due = [archive.add(1), archive.add(2, days_ago=31), archive.add(3, "mirror")]
    fresh = archive.add(4, days_ago=1)

    result = await archive.scrub().execute()

    assert result == ScrubResult(right=3, read_bytes=3 * SIZE)
    assert archive.clock.monotonic() == 30.0
    assert all(
        archive.location(checksum, storage).verified_at is not None
        for checksum, storage in zip(due, ["disk", "disk", "mirror"], strict=True)
    )
    assert archive.location(fresh).verified_at == NOW - DAY
    assert archive.metrics.results == [("right", SIZE)] * 3
    assert await archive.scrub().execute() == ScrubResult()


async def test_the_order_is_by_age_over_all_storages(archive: Archive) -> None:
    ages = {(archive.add(n, storage, days_ago=days), storage): days for n, storage, days in
            [(1, "disk", 40), (2, "mirror", 50), (3, "disk", None), (4, "mirror", 45)]}  # fmt: skip

    await archive.scrub().execute()

    verified = sorted(ages, key=lambda key: archive.location(*key).verified_at)
    assert [ages[key] for key in verified] == [None, 50, 45, 40]


async def test_a_wrong_copy_becomes_a_suspect_and_is_not_read_again(archive: Archive) -> None:
    wrong, right = archive.add(1), archive.add(2)
    archive.storage().misbehave(Misbehaviour(corrupt_at=500), archive.location(wrong).url)

    assert await archive.scrub().execute() == ScrubResult(right=1, wrong=1, read_bytes=2 * SIZE)
    assert archive.location(wrong).is_suspect
    assert not archive.location(right).is_suspect
    assert [event.type for event in archive.database.tables.outbox.values()] == ["FileLocationSuspected"]
    assert await archive.scrub().execute() == ScrubResult()


async def test_a_missing_copy_becomes_a_suspect(archive: Archive) -> None:
    checksum = archive.add(1)
    archive.storage().remove(archive.location(checksum).url)

    assert await archive.scrub().execute() == ScrubResult(wrong=1)
    assert archive.location(checksum).is_suspect


async def test_a_copy_without_a_version_gets_the_one_that_was_read(archive: Archive) -> None:
    checksum = archive.add(1)
    tables = archive.database.tables
    tables.locations[TENANT, checksum, "disk"] = attrs.evolve(archive.location(checksum), version=None)

    await archive.scrub().execute()

    assert archive.location(checksum).version == "v1"


async def test_a_storage_that_fails_is_left_and_holds_up_no_other(archive: Archive) -> None:
    dead = [archive.add(1, "dead"), archive.add(2, "dead")]
    fine = archive.add(3, "fine")
    archive.storage("dead").misbehave(Misbehaviour(unavailable=True))

    result = await archive.scrub().execute()
    await archive.cool_downs.flush()

    assert result == ScrubResult(right=1, unreadable=1, read_bytes=SIZE)
    assert archive.location(fine, "fine").verified_at is not None
    assert not any(archive.location(checksum, "dead").is_suspect for checksum in dead)
    assert (TENANT, "dead") in archive.database.tables.cooling


async def test_one_unreadable_copy_holds_up_those_after_it_for_one_run_only(archive: Archive) -> None:
    checksums = sorted([archive.add(n) for n in range(1, 5)])
    archive.storage().misbehave(Misbehaviour(dies_after=10), archive.location(checksums[0]).url)
    scrub = archive.scrub()
    assert (await scrub.execute()).unreadable == 1
    await archive.cool_downs.flush()
    archive.clock.advance(timedelta(minutes=1))

    assert (await scrub.execute()).right == 3
    archive.storage().behave()
    archive.clock.advance(timedelta(hours=1))
    assert (await scrub.execute()).right == 1


async def test_what_is_off_cooling_nearline_or_cannot_be_computed_is_not_read(archive: Archive) -> None:
    archive.add(1, "off")
    archive.storage("tape", StorageType.NEARLINE)
    archive.add(2, "tape")
    archive.add(3, "disk", algorithm="WHIRLPOOL")
    tables = archive.database.tables
    tables.storages[TENANT, "off"] = attrs.evolve(tables.storages[TENANT, "off"], active=False)

    assert await archive.scrub().execute() == ScrubResult()
    assert all(storage.sources == [] for storage in archive.registry.storages.values())


async def test_a_run_ends_between_two_copies_and_the_next_goes_on(archive: Archive) -> None:
    checksums = [archive.add(n) for n in range(100)]
    in_a_run = int(RUN.total_seconds() * 100 / SIZE)

    first = await archive.scrub().execute()
    others = await archive.scrub().execute()

    assert first.right == in_a_run
    assert others.right == in_a_run
    assert sum(archive.location(checksum).verified_at is not None for checksum in checksums) == 2 * in_a_run


async def test_without_a_rate_nothing_is_read(archive: Archive) -> None:
    archive.add(1)

    assert await archive.scrub(rate=0).execute() == ScrubResult()
    assert archive.storage().sources == []


async def test_two_workers_never_read_at_once(archive: Archive) -> None:
    for number in range(5):
        archive.add(number)
    done: list[bool] = []

    async def while_the_other_does_it() -> None:
        second = RunJob(unit_of_work=archive.unit_of_work, clock=archive.clock, holder="w2")
        done.append(await second.execute(Job(name="scrub", interval=DAY, work=archive.scrub().execute)))
        await archive.scrub().execute()

    first = RunJob(unit_of_work=archive.unit_of_work, clock=archive.clock, holder="w1")

    assert await first.execute(Job(name="scrub", interval=DAY, work=while_the_other_does_it))
    assert done == [False]
    assert archive.metrics.results == [("right", SIZE)] * 5


async def test_the_report_says_how_far_it_is(archive: Archive) -> None:
    archive.add(1, days_ago=3)
    archive.add(2)

    (state,) = await ReadScrubReport(archive.unit_of_work).execute(TENANT)

    assert (state.storage, state.copies, state.never_verified, state.oldest_verified_at) == (
        "disk",
        2,
        1,
        NOW - 3 * DAY,
    )
