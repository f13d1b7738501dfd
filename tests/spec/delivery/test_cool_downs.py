"""Storages that failed are left alone by every instance for a while; no download waits for the note of it."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from application.delivery.cool_downs import CoolDowns
from domain.cool_down import FIRST, CoolDown
from tests.factories import NOW, TENANT
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_storage import Misbehaviour
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork
from tests.spec.delivery.service import Service, read

pytestmark = pytest.mark.anyio

DATA = bytes(i * 7 % 251 for i in range(1000))


@pytest.fixture
def service() -> Service:
    made = Service()
    made.add_file(DATA, "first", "second")
    return made


def cooling(service: Service, storage: str = "first") -> CoolDown | None:
    return service.database.tables.cooling.get((TENANT, storage))


def opened_of(service: Service, storage: str) -> int:
    return len(service.storage(storage).sources)


@pytest.mark.parametrize("fault", [Misbehaviour(unavailable=True), Misbehaviour(dies_after=300)], ids=["open", "read"])
async def test_a_storage_that_fails_is_tried_last_by_every_instance(service: Service, fault: Misbehaviour) -> None:
    service.storage("first").misbehave(fault)
    await service.fetch()
    service.storage("first").behave()
    opened = opened_of(service, "first")
    other = Service(database=service.database, registry=service.registry, clock=service.clock, instance_id="i2")

    received = await other.fetch()

    assert received.data == DATA
    assert opened_of(service, "first") == opened
    found = cooling(service)
    assert found is not None
    assert (found.failures, found.cooling_until) == (1, NOW + FIRST)


async def test_one_that_is_left_alone_is_still_tried_when_nothing_else_can_be_read(service: Service) -> None:
    service.storage("first").misbehave(Misbehaviour(dies_after=300))
    await service.fetch()
    service.storage("first").behave()
    service.storage("second").misbehave(Misbehaviour(unavailable=True))

    received = await service.fetch()

    assert (received.data, received.is_complete) == (DATA, True)


async def test_a_success_after_the_cool_down_ends_the_row_of_failures(service: Service) -> None:
    service.storage("first").misbehave(Misbehaviour(unavailable=True))
    await service.fetch()
    service.storage("first").behave()
    service.pass_time(seconds=6)

    await service.fetch()

    assert cooling(service) is None


async def test_failures_in_a_row_make_it_longer(service: Service) -> None:
    service.storage("first").misbehave(Misbehaviour(unavailable=True))
    for _ in range(3):
        await service.fetch()
        service.pass_time(minutes=1)

    found = cooling(service)
    assert found is not None
    assert found.failures == 3
    assert found.cooling_until - found.failed_at == 4 * FIRST


@pytest.mark.parametrize(
    "fault",
    [
        Misbehaviour(missing=True),
        Misbehaviour(changes_at=0),
        Misbehaviour(claims_size=1),
        Misbehaviour(empty_at=10),
        Misbehaviour(overlong_at=10),
    ],
    ids=["missing", "changed", "another size", "nothing read", "too much read"],
)
async def test_what_is_wrong_with_one_copy_says_nothing_of_its_storage(service: Service, fault: Misbehaviour) -> None:
    service.storage("first").misbehave(fault)

    assert (await service.fetch()).data == DATA
    assert cooling(service) is None


async def test_a_client_that_leaves_is_no_success_and_no_failure(service: Service) -> None:
    service.storage("first").misbehave(Misbehaviour(unavailable=True))
    await service.fetch()
    service.storage("first").behave()
    before = cooling(service)
    service.pass_time(seconds=6)

    await service.fetch(stop_after=100)

    assert cooling(service) == before


async def test_a_download_that_began_before_the_failure_ends_no_cool_down(service: Service) -> None:
    opened = await service.opened("bytes=0-9")
    await opened.delivery.next_piece(zero_copy=False)
    opened.delivery.handed_over(10)
    service.storage("first").misbehave(Misbehaviour(unavailable=True))
    await service.fetch()

    await service.finish(opened)

    assert cooling(service) is not None


@attrs.define
class CountedWork:
    """Units of work that are counted, and that wait for a turn."""

    database: InMemoryDatabase
    count: int = 0

    def __call__(self) -> InMemoryUnitOfWork:
        self.count += 1
        return InMemoryUnitOfWork(self.database)


async def test_a_hundred_failures_are_one_write_for_a_storage_and_cool_down(service: Service) -> None:
    work = CountedWork(service.database)
    cool_downs = CoolDowns(work, service.clock)
    found = service.database.tables.found(TENANT, "c1")
    assert found is not None
    for _ in range(100):
        for copy in found.copies:
            cool_downs.failed(copy, OSError("It died."))

    assert work.count == 0
    await cool_downs.flush()
    for copy in found.copies:
        cool_downs.failed(copy, OSError("It died again."))
    await cool_downs.flush()

    assert work.count == 1
    assert [row.failures for row in service.database.tables.cooling.values()] == [1, 1]


async def test_a_hundred_successes_are_one_write(service: Service) -> None:
    work = CountedWork(service.database)
    cool_downs = CoolDowns(work, service.clock)
    found = service.database.tables.found(TENANT, "c1")
    assert found is not None
    cooled = attrs.evolve(found.copies[0], cooling_until=NOW - timedelta(seconds=1))
    for _ in range(100):
        cool_downs.succeeded(cooled)
    await cool_downs.flush()
    cool_downs.succeeded(cooled)
    cool_downs.succeeded(found.copies[1])
    await cool_downs.flush()

    assert work.count == 1


async def test_what_the_database_does_not_take_holds_up_nothing_and_is_said_again_by_the_next_failure() -> None:
    database = InMemoryDatabase()
    service = Service(database=database)
    service.add_file(DATA, "first", "second")
    found = database.tables.found(TENANT, "c1")
    assert found is not None
    begun: list[None] = []
    cool_downs = CoolDowns(lambda: InMemoryUnitOfWork(database), FixedClock(), lambda: begun.append(None))
    database.is_down = True
    cool_downs.failed(found.copies[0], OSError("It died."))
    await cool_downs.flush()
    database.is_down = False
    assert (database.tables.cooling, begun) == ({}, [])

    cool_downs.failed(found.copies[0], OSError("It died again."))
    await cool_downs.flush()

    assert database.tables.cooling[TENANT, "first"].reason == "It died again."
    assert begun == [None]


async def test_the_stream_does_not_wait_for_the_note() -> None:
    database, database_is_free = InMemoryDatabase(), asyncio.Event()

    class Waiting(InMemoryUnitOfWork):
        async def commit(self) -> None:
            await database_is_free.wait()
            await super().commit()

    service = Service(database=database, noting=lambda: Waiting(database))
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(dies_after=300))
    opened = await service.opened()

    data, is_complete = await read(opened.delivery)

    assert (data, is_complete) == (DATA, True)
    assert cooling(service) is None
    database_is_free.set()
    await service.finish(opened)
    assert cooling(service) is not None
