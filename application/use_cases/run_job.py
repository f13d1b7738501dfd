"""Do a periodic job, by one instance at a time, and keep how it went."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import attrs

from application.errors import PortError
from application.ports.clock import Clock
from application.ports.jobs import Backlog
from application.ports.unit_of_work import UnitOfWorkFactory

LONGEST_RUN = timedelta(minutes=2)
"""A holder that has not ended its run by then is gone; another one may do the job."""


@attrs.frozen(kw_only=True)
class Job:
    """What to do every ``interval``. ``backlog`` tells what still waits for the job."""

    name: str
    interval: timedelta
    work: Callable[[], Awaitable[object]]
    backlog: Callable[[], Awaitable[Backlog]] | None = None


@attrs.frozen(kw_only=True)
class RunJob:
    """Run a job unless another instance is running it."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    holder: str

    async def execute(self, job: Job) -> bool:
        """``False`` when another instance does it. Raises what the job raises, after it was recorded."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            is_ours = await work.jobs.claim(
                job.name, self.holder, interval=job.interval, now=now, until=now + LONGEST_RUN
            )
            await work.commit()
        if not is_ours:
            return False
        try:
            await job.work()
        except PortError as error:
            await self._record(job, f"{type(error).__name__}: {error}")
            raise
        await self._record(job, None)
        return True

    async def _record(self, job: Job, error: str | None) -> None:
        backlog = None if job.backlog is None else await job.backlog()
        async with self.unit_of_work() as work:
            await work.jobs.record(job.name, self.holder, self.clock.now(), error=error, backlog=backlog)
            await work.commit()
