"""What others are told: all of it, in order, and of quotas only the news."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from application.errors import BrokerUnavailable
from application.use_cases.list_jobs import ListJobs
from application.use_cases.publish_quota_updates import PublishQuotaUpdates
from application.use_cases.relay_outbox import EVENTS_AT_ONCE, RelayOutbox, RelayResult
from application.use_cases.run_job import CLAIM, RENEWAL, Job, RunJob
from domain.account import AccountKey
from domain.events import DownloadsRefused, TicketIssued
from domain.quota import QuotaExceeded, RateExceeded, VersionChanged
from domain.refused_downloads import RefusedDownloads
from domain.settlement import Outcome
from tests.factories import ALICE, BOB, SIZE, TENANT, a_request
from tests.fakes.in_memory_publisher import InMemoryPublisher
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

QUOTA = QuotaExceeded(limit=1, current=1)
RATE = RateExceeded(limit=1, current=1)


async def tell(world: World, count: int, *, first: int = 0) -> None:
    async with world.unit_of_work() as work:
        for number in range(first, first + count):
            await work.outbox.add(
                DownloadsRefused(tenant=TENANT, email="a@x.org", message=str(number), occurred_at=world.clock.now())
            )
        await work.commit()


def relay(world: World, publisher: InMemoryPublisher) -> RelayOutbox:
    return RelayOutbox(unit_of_work=world.unit_of_work, publisher=publisher, clock=world.clock)


def messages(publisher: InMemoryPublisher) -> list[str]:
    return [str(event.payload["message"]) for event in publisher.published]


async def test_every_event_is_published_once_and_in_order():
    world, publisher = World(), InMemoryPublisher()
    await tell(world, EVENTS_AT_ONCE + 5)

    result = await relay(world, publisher).execute()

    assert messages(publisher) == [str(number) for number in range(EVENTS_AT_ONCE + 5)]
    assert result == RelayResult(published=EVENTS_AT_ONCE + 5, refused=0, is_more=False)
    assert (await relay(world, publisher).execute()).published == 0


async def test_what_nobody_outside_hears_of_waits_for_nothing():
    world, publisher = World(), InMemoryPublisher()
    async with world.unit_of_work() as work:
        await work.outbox.add(
            TicketIssued(tenant=TENANT, ticket_id="k", checksum="c", issued_by="i", occurred_at=world.clock.now())
        )
        await work.commit()

    assert (await relay(world, publisher).execute()).published == 0
    async with world.unit_of_work() as work:
        assert (await work.outbox.backlog()).count == 0


async def test_a_broker_that_is_down_makes_events_wait_and_none_is_lost_or_doubled():
    world, publisher = World(), InMemoryPublisher(lasts=3)
    await tell(world, 5)

    with pytest.raises(BrokerUnavailable):
        await relay(world, publisher).execute()
    publisher.lasts = None
    await relay(world, publisher).execute()

    assert messages(publisher) == ["0", "1", "2", "3", "4"]


async def test_an_event_that_the_broker_never_takes_holds_nothing_up():
    world, publisher = World(), InMemoryPublisher(refused={2})
    await tell(world, 3)

    result = await relay(world, publisher).execute()

    assert messages(publisher) == ["0", "2"]
    assert result.refused == 1
    assert world.tables.refused == {2: "The message is too large."}


async def test_a_relay_stops_when_its_time_is_up():
    world = World()
    publisher = InMemoryPublisher(clock=world.clock, seconds=9)
    await tell(world, 4 * EVENTS_AT_ONCE)

    result = await relay(world, publisher).execute()

    assert result.is_more
    assert result.published == 3 * EVENTS_AT_ONCE


async def use_a_unit(world: World, key: AccountKey, transfer_id: str) -> None:
    await world.ledger.admit(a_request(transfer_id, account=key), world.clock.now())
    await world.ledger.settle(transfer_id, Outcome(delivered_bytes=SIZE, is_completed=True), world.clock.now())


async def test_only_users_whose_number_changed_are_told_of_and_exactly():
    world = World()
    publish = PublishQuotaUpdates(world.unit_of_work, world.clock)
    await use_a_unit(world, ALICE, "t1")
    await use_a_unit(world, BOB, "t2")
    await use_a_unit(world, AccountKey("other", "c@x.org"), "t3")

    assert await publish.execute() == 3
    assert await publish.execute() == 0
    await use_a_unit(world, ALICE, "t4")
    assert await publish.execute() == 1

    told = [
        (row.tenant, row.payload["units_by_email"]) for row in world.tables.outbox.values() if row.type == "QuotaUsed"
    ]
    assert told == [
        (TENANT, {ALICE.email: 1, BOB.email: 1}),
        ("other", {"c@x.org": 1}),
        (TENANT, {ALICE.email: 2}),
    ]


def test_refusals_are_told_in_upstreams_words():
    refused = RefusedDownloads()
    for name, refusal in (("a", QUOTA), ("b", RATE), ("x", VersionChanged()), ("c", QUOTA), ("d", QUOTA), ("e", RATE)):
        refused = refused.and_one(name, refusal)

    assert refused.message == (
        "Could not download file a: download quota exceeded.\n"
        "Could not download file b: download rate exceeded.\n"
        "Could not download file c: download quota exceeded.\n"
        "... and 2 more download errors."
    )


def test_few_refusals_are_all_told_by_name():
    assert RefusedDownloads().and_one("a", QUOTA).message == "Could not download file a: download quota exceeded."


def test_refusals_of_two_times_are_told_together():
    two = RefusedDownloads().and_one("a", QUOTA).and_one("b", QUOTA)

    assert two.and_these(two) == RefusedDownloads((*two.lines, two.lines[0]), 1)


def runner(world: World, holder: str = "one") -> RunJob:
    return RunJob(unit_of_work=world.unit_of_work, clock=world.clock, holder=holder)


async def test_how_a_job_goes_is_visible():
    world, publisher = World(), InMemoryPublisher(lasts=0)
    await tell(world, 2)

    async def backlog():
        async with world.unit_of_work() as work:
            return await work.outbox.backlog()

    job = Job(name="relay", interval=timedelta(seconds=1), work=relay(world, publisher).execute, backlog=backlog)
    world.clock.advance(timedelta(seconds=40))
    with pytest.raises(BrokerUnavailable):
        await runner(world).execute(job)

    (view,) = await ListJobs(world.unit_of_work, world.clock).execute()
    assert (view.name, view.waiting, view.lag_seconds) == ("relay", 2, 40)
    assert view.last_error == "BrokerUnavailable: The broker does not answer."
    assert view.last_success_at is None

    publisher.lasts = None
    assert await runner(world).execute(job)
    (view,) = await ListJobs(world.unit_of_work, world.clock).execute()
    assert (view.waiting, view.lag_seconds, view.last_error) == (0, 0, None)


async def test_a_job_that_is_running_elsewhere_is_left_alone_until_its_holder_must_be_gone():
    world, began = World(), asyncio.Event()
    seen = []

    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    async def nothing() -> None:
        pass

    first = asyncio.create_task(runner(world).execute(Job(name="sweep", interval=timedelta(seconds=1), work=endless)))
    await began.wait()
    first.cancel()  # As by SIGKILL: nothing is recorded, and the claim stays.
    await asyncio.wait([first])
    inner = Job(name="sweep", interval=timedelta(seconds=1), work=nothing)
    seen.append(await runner(world, "two").execute(inner))
    world.clock.advance(CLAIM)
    seen.append(await runner(world, "two").execute(inner))

    assert seen == [False, True]


def passing(world: World):
    """A pause in which time passes for the world, and hardly any for the test."""

    async def sleep(seconds: float) -> None:
        world.clock.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    return sleep


async def test_a_job_keeps_its_claim_however_long_it_takes():
    world = World()
    start, seen = world.clock.now(), []

    async def long() -> None:
        while world.clock.now() < start + 10 * CLAIM:
            seen.append(await runner(world, "two").execute(job))
            await asyncio.sleep(0)

    job = Job(name="relay", interval=timedelta(seconds=1), work=long)
    run = attrs.evolve(runner(world), sleep=passing(world))

    assert await run.execute(job)
    assert len(seen) > 1
    assert set(seen) == {False}


@pytest.mark.parametrize("is_taken", [False, True], ids=["the database is away", "somebody else has it"])
async def test_a_job_whose_claim_is_lost_is_ended(is_taken):
    world = World()
    ended = []

    async def endless() -> None:
        try:
            if is_taken:
                world.tables.jobs["relay"] = attrs.evolve(world.tables.jobs["relay"], holder="two")
            world.database.is_down = not is_taken
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(world.clock.now())
            raise

    job = Job(name="relay", interval=timedelta(seconds=1), work=endless)
    start = world.clock.now()

    assert not await attrs.evolve(runner(world), sleep=passing(world)).execute(job)
    assert ended == [start + (RENEWAL if is_taken else CLAIM)]


async def test_a_defect_in_a_job_is_recorded_like_any_failure():
    world = World()

    async def broken() -> None:
        raise ZeroDivisionError("defect")

    with pytest.raises(ZeroDivisionError):
        await runner(world).execute(Job(name="sweep", interval=timedelta(seconds=1), work=broken))

    (view,) = await ListJobs(world.unit_of_work, world.clock).execute()
    assert view.last_error == "ZeroDivisionError: defect"


async def test_a_job_that_does_not_run_falls_behind():
    world = World()

    async def nothing() -> None:
        pass

    await runner(world).execute(Job(name="sweep", interval=timedelta(seconds=10), work=nothing))
    world.clock.advance(timedelta(seconds=25))

    (view,) = await ListJobs(world.unit_of_work, world.clock).execute()
    assert view.lag_seconds == 15
