"""Waiting for a slot: first come, first served, and nothing held meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from application.delivery.slots import LONGEST_LINE
from application.use_cases.download_answers import Opened, Refused
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.spec.delivery.service import Service, until

pytestmark = pytest.mark.anyio

DATA = b"x" * 1000


def a_service(slot_wait: float = 5.0, database: InMemoryDatabase | None = None, instance_id: str = "i1") -> Service:
    service = Service(slot_wait=slot_wait, database=database, instance_id=instance_id)
    service.add_file(DATA, checksum="c1")
    service.add_file(DATA, checksum="c2")
    return service


def waiting(service: Service) -> int:
    return sum(len(line.waiting) for line in service.slots._lines.values())


async def test_a_request_waits_for_a_slot_and_then_gets_it() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    first = await service.opened()
    second = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)

    await service.finish(first)
    result = await second

    assert isinstance(result, Opened)
    await service.finish(result)
    assert waiting(service) == 0
    assert service.slots._lines == {}


async def test_those_who_wait_are_served_in_the_order_of_their_arrival() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened()
    served: list[int] = []

    async def wait_and_finish(number: int) -> None:
        result = await service.ask()
        assert isinstance(result, Opened)
        served.append(number)
        await service.finish(result)

    tasks = []
    for number in range(10):
        tasks.append(asyncio.create_task(wait_and_finish(number)))
        await until(lambda: waiting(service) == number + 1)  # noqa: B023 — awaited within the same turn
    await service.finish(held)
    await asyncio.gather(*tasks)

    assert served == list(range(10))


async def test_a_newcomer_does_not_overtake() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened()
    first = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)
    second = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 2)

    await service.finish(held)
    result = await first

    assert isinstance(result, Opened)
    assert not second.done()
    await service.finish(result)
    last = await second
    assert isinstance(last, Opened)
    await service.finish(last)


async def test_a_further_range_of_a_running_download_does_not_queue() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened("bytes=0-9")
    waiter = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)

    joined = await service.opened("bytes=10-19")

    await service.finish(joined)
    await service.finish(held)
    result = await waiter
    assert isinstance(result, Opened)
    await service.finish(result)


async def test_waiting_ends_after_the_agreed_time() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened()
    waiter = asyncio.create_task(service.ask(checksum="c2"))
    behind = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 2)

    service.pass_time(seconds=6)
    service.slots.released(held.transfer.account, "c2")
    first, second = await asyncio.wait_for(waiter, 30), await asyncio.wait_for(behind, 30)

    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert first.refusal == second.refusal == RateExceeded(limit=1, current=1)
    await service.finish(held)


async def test_no_wait_refuses_at_once() -> None:
    service = a_service(slot_wait=0)
    await service.limit(rate_limit=1)
    held = await service.opened()

    assert isinstance(await service.ask(checksum="c2"), Refused)
    assert service.slots._lines == {}
    await service.finish(held)


async def test_quota_is_never_waited_for() -> None:
    service = a_service()
    await service.limit(max_quota=0)

    result = await service.ask()

    assert isinstance(result, Refused)
    assert isinstance(result.refusal, QuotaExceeded)


async def test_who_waits_and_finds_the_quota_used_up_is_told_so() -> None:
    service = a_service()
    await service.limit(max_quota=1, rate_limit=1)
    held = await service.opened()
    await service.limit(max_quota=2, rate_limit=1)
    waiter = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)
    await service.limit(max_quota=1, rate_limit=1)

    held.delivery.handed_over(500)
    await service.finish(held)
    result = await waiter

    assert isinstance(result, Refused)
    assert result.refusal == QuotaExceeded(limit=1, current=1)


async def test_a_free_connection_is_waited_for() -> None:
    service = a_service()
    held = [await service.opened(f"bytes={i}-{i}") for i in range(16)]
    waiter = asyncio.create_task(service.ask(byte_range="bytes=500-509"))
    await until(lambda: waiting(service) == 1)

    await service.finish(held.pop())
    result = await waiter

    assert isinstance(result, Opened)
    for each in [*held, result]:
        await service.finish(each)


async def test_a_slot_that_another_instance_frees_is_noticed() -> None:
    database = InMemoryDatabase()
    here = a_service(database=database)
    there = Service(database=database, registry=here.registry, clock=here.clock, instance_id="i2")
    await here.limit(rate_limit=1)
    held = await there.opened()
    waiter = asyncio.create_task(here.ask(checksum="c2"))
    await until(lambda: waiting(here) == 1)

    await there.finish(held)
    result = await waiter

    assert isinstance(result, Opened)
    await here.finish(result)


async def test_a_client_that_leaves_while_it_waits_leaves_no_trace() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened()
    waiter = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)

    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter

    assert service.slots._lines == {}
    await service.finish(held)
    assert (service.units_used(), service.active()) == (0, 0)


async def test_a_line_has_an_end() -> None:
    service = a_service()
    await service.limit(rate_limit=1)
    held = await service.opened()
    waiters = [asyncio.create_task(service.ask(checksum="c2")) for _ in range(LONGEST_LINE)]
    await until(lambda: waiting(service) == LONGEST_LINE)

    result = await service.ask(checksum="c2")

    assert isinstance(result, Refused)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    await service.finish(held)


async def test_never_more_at_once_than_the_rate_and_never_more_than_the_quota() -> None:
    database = InMemoryDatabase()
    first = a_service(database=database, slot_wait=60)
    second = Service(database=database, registry=first.registry, clock=first.clock, slot_wait=60, instance_id="i2")
    await first.limit(max_quota=50, rate_limit=3)
    at_once, most, granted = 0, 0, 0

    async def client(service: Service) -> None:
        nonlocal at_once, most, granted
        result = await service.ask()
        if not isinstance(result, Opened):
            assert isinstance(result, Refused)
            assert isinstance(result.refusal, QuotaExceeded)
            return
        at_once, granted = at_once + 1, granted + 1
        most = max(most, at_once)
        piece = await result.delivery.next_piece(zero_copy=False)
        while piece is not None:
            result.delivery.handed_over(len(piece.data))  # type: ignore[union-attr]  # fakes give chunks only
            piece = await result.delivery.next_piece(zero_copy=False)
        at_once -= 1
        await service.finish(result)

    await asyncio.gather(*(client(service) for service in (first, second) for _ in range(100)))

    assert (granted, most) == (50, 3)
    assert first.units_used() == 50


async def test_the_limit_of_connections_is_told_with_its_numbers() -> None:
    service = a_service(slot_wait=0)
    held = [await service.opened(f"bytes={i}-{i}") for i in range(16)]

    result = await service.ask(byte_range="bytes=99-99")

    assert isinstance(result, Refused)
    assert result.refusal == ConnectionsExceeded(limit=16, current=16)
    for each in held:
        await service.finish(each)


async def test_the_lease_of_one_who_waited_begins_with_its_admission_not_with_its_wait() -> None:
    service = a_service(slot_wait=60)
    await service.limit(rate_limit=1)
    first = await service.opened()
    second = asyncio.create_task(service.ask(checksum="c2"))
    await until(lambda: waiting(service) == 1)
    service.clock.advance(timedelta(seconds=20))
    await service.finish(first)
    result = await second
    assert isinstance(result, Opened)

    service.clock.advance(timedelta(seconds=20))

    result.delivery.running.check()
    await service.finish(result)
