"""Periodic work goes on whatever happens to it."""

import asyncio

import pytest
from structlog.testing import capture_logs

from entrypoints.periodic import ended, every

pytestmark = pytest.mark.anyio


class Stop(BaseException):
    """Ends the loop from outside, as a cancellation does."""


async def test_work_is_done_again_after_a_failure_which_is_logged():
    pauses, done = [], []

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) > 3:
            raise Stop

    async def work():
        done.append(True)
        if len(done) == 2:
            raise ConnectionError("the database is away")

    with capture_logs() as logs, pytest.raises(Stop):
        await every(10, work, name="renew leases", sleep=sleep)

    assert len(done) == 3
    assert all(9 <= pause <= 10 for pause in pauses)
    assert logs == [
        {
            "event": "periodic work failed",
            "log_level": "warning",
            "work": "renew leases",
            "error": "ConnectionError: the database is away",
        }
    ]


async def test_work_that_takes_a_cancellation_for_a_failure_ends_all_the_same():
    begun = asyncio.Event()
    runs = []

    async def work():
        runs.append(True)
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if len(runs) == 1:
                raise ConnectionError("while cleaning up") from None
            raise

    task = asyncio.create_task(every(0, work, name="sweep"))
    await begun.wait()
    with capture_logs() as logs:
        await ended(task)

    assert task.cancelled()
    assert [line["error"] for line in logs] == ["ConnectionError: while cleaning up"]
