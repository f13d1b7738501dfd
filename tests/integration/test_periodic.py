"""Periodic work goes on whatever happens to it."""

import pytest
from structlog.testing import capture_logs

from entrypoints.periodic import every

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
