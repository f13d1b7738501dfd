"""Do a periodic job that any number of instances may do at the same time, and keep how it went."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import attrs

from application.errors import PortError
from application.ports.clock import Clock
from application.ports.jobs import JobRun
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.run_job import Job, Sleep

GoesOn = Callable[[str], object]


def _nothing(_job: str) -> None:
    return None


@attrs.frozen(kw_only=True)
class RunSharedJob:
    """Run a job that shares its work out by itself, so that no instance keeps the others from it.

    - What is kept is how it went last, whichever instance that was. Most runs are like the one before, of another
      instance, a moment ago: those are not worth a write.
    - While a run goes on it is kept again and again that it does: one that takes hours is not late. What waits
      meanwhile is told by its backlog. ``goes_on`` is told as well, with the job's name.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    holder: str
    sleep: Sleep = asyncio.sleep

    async def execute(self, job: Job, *, goes_on: GoesOn = _nothing) -> None:
        """Raises what the job raises, after it was recorded."""
        keeping = asyncio.ensure_future(self._while_it_goes_on(job, goes_on))
        try:
            await job.work()
        except Exception as error:
            await self._record(job, f"{type(error).__name__}: {error}")
            raise
        else:
            await self._record(job, None)
        finally:
            keeping.cancel()
            await asyncio.wait((keeping,))

    async def _while_it_goes_on(self, job: Job, goes_on: GoesOn) -> None:
        while True:
            await self.sleep(job.interval.total_seconds())
            goes_on(job.name)
            try:
                await self._record(job, None)
            except PortError:
                continue  # The run may need no database just now; the next time tells.

    async def _record(self, job: Job, error: str | None) -> None:
        now = self.clock.now()
        async with self.unit_of_work() as work:
            if error is None and _is_fresh(await work.jobs.get(job.name), job, now):
                return
        backlog = None if job.backlog is None else await job.backlog()
        async with self.unit_of_work() as work:
            await work.jobs.note(job.name, self.holder, interval=job.interval, now=now, error=error, backlog=backlog)
            await work.commit()


def _is_fresh(last: JobRun | None, job: Job, now: datetime) -> bool:
    """Whether somebody has just noted a run that went well."""
    if last is None or last.last_error is not None or last.last_run_at is None or last.interval != job.interval:
        return False
    return now - last.last_run_at < job.interval / 2
