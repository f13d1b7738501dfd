"""What many instances do at the same time is as visible as what one does: when it last went, how, and what waits."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.jobs import Backlog
from application.use_cases.run_job import Job
from application.use_cases.run_shared_job import RunSharedJob
from tests.factories import NOW
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

INTERVAL = timedelta(seconds=10)


def running(world: World, holder: str = "one") -> RunSharedJob:
    return RunSharedJob(unit_of_work=world.unit_of_work, clock=world.clock, holder=holder)


def a_job(work=lambda: asyncio.sleep(0), **more) -> Job:
    return Job(name="copies", interval=INTERVAL, work=work, **more)


async def test_a_run_is_kept_with_what_waits():
    world = World()

    async def backlog() -> Backlog:
        return Backlog(count=3, oldest_at=NOW)

    await running(world).execute(a_job(backlog=backlog))

    job = world.tables.jobs["copies"]
    assert (job.holder, job.last_run_at, job.last_success_at, job.last_error) == ("one", NOW, NOW, None)
    assert (job.interval, job.backlog, job.lease_until) == (INTERVAL, Backlog(count=3, oldest_at=NOW), None)


async def test_a_failure_is_kept_and_raised():
    world = World()

    async def fail() -> None:
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        await running(world).execute(a_job(fail))
    assert world.tables.jobs["copies"].last_error == "OSError: The disk is full."
    assert world.tables.jobs["copies"].last_success_at is None

    await running(world, "other").execute(a_job())
    assert world.tables.jobs["copies"].last_error is None


async def test_runs_of_many_instances_cost_one_write_each_half_interval():
    world = World()
    for holder in ("one", "two", "three", "one", "two", "three"):
        await running(world, holder).execute(a_job())
        world.clock.advance(timedelta(seconds=1))

    job = world.tables.jobs["copies"]
    assert (job.holder, job.last_run_at) == ("three", NOW + timedelta(seconds=5))
    assert job.lag(NOW + INTERVAL) == timedelta(0)


async def test_a_run_that_takes_hours_is_not_late():
    world, told, may_end = World(), list[str](), asyncio.Event()
    pauses: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(_seconds: float) -> None:
        await pauses.get()
        world.clock.advance(INTERVAL)

    run = RunSharedJob(unit_of_work=world.unit_of_work, clock=world.clock, holder="one", sleep=sleep)
    working = asyncio.create_task(run.execute(a_job(may_end.wait), goes_on=told.append))
    for _ in range(3):
        pauses.put_nowait(None)
    async with asyncio.timeout(30):
        while len(told) < 3:  # noqa: ASYNC110 - the job in memory tells nobody
            await asyncio.sleep(0)
    may_end.set()
    await working

    assert told == ["copies"] * 3
    assert world.tables.jobs["copies"].last_success_at == NOW + 3 * INTERVAL
