"""Do a periodic job, by one instance at a time, and keep how it went."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import attrs

from application.errors import PortError
from application.ports.clock import Clock
from application.ports.jobs import Backlog
from application.ports.unit_of_work import UnitOfWorkFactory

CLAIM = timedelta(seconds=9)
"""A holder that has not renewed its claim by then is gone; another one may do the job."""

RENEWAL = CLAIM / 3
"""Two renewals may be lost before anybody else takes over."""

Sleep = Callable[[float], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Job:
    """What to do every ``interval``. ``backlog`` tells what still waits for the job.

    One that ``may_be_broken_off`` is not waited for when the worker stops.
    """

    name: str
    interval: timedelta
    work: Callable[[], Awaitable[object]]
    backlog: Callable[[], Awaitable[Backlog]] | None = None
    may_be_broken_off: bool = False


@attrs.frozen(kw_only=True)
class RunJob:
    """Run a job unless another instance is running it.

    The claim is short, and renewed while the job runs: when its holder dies, another one takes over within seconds. A
    job whose claim could not be renewed in time is cancelled, because somebody else may be doing it.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    holder: str
    sleep: Sleep = asyncio.sleep

    async def execute(self, job: Job) -> bool:
        """``False`` when another instance does it. Raises what the job raises, after it was recorded."""
        until = self.clock.now() + CLAIM
        if not await self._claim(job):
            return False
        try:
            is_done = await self._while_claimed(job, until)
        except Exception as error:
            await self._record(job, f"{type(error).__name__}: {error}")
            raise
        if is_done:
            await self._record(job, None)
        return is_done

    async def _while_claimed(self, job: Job, until: datetime) -> bool:
        """``False`` when the claim, which holds until then, was lost before the job was done."""
        doing, keeping = asyncio.ensure_future(job.work()), asyncio.ensure_future(self._keep_claim(job, until))
        try:
            await asyncio.wait((doing, keeping), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                return False
            await doing
            return True
        finally:
            doing.cancel()
            keeping.cancel()
            await asyncio.wait((doing, keeping))

    async def _keep_claim(self, job: Job, until: datetime) -> None:
        """Renew the claim until it is lost."""
        while self.clock.now() < until:
            await self.sleep(RENEWAL.total_seconds())
            now = self.clock.now()
            try:
                async with asyncio.timeout(max(0.0, (until - now).total_seconds())):
                    if not await self._claim(job):
                        return
            except (PortError, TimeoutError):
                continue  # The database may answer again before the claim has run out.
            until = now + CLAIM

    async def _claim(self, job: Job) -> bool:
        now = self.clock.now()
        async with self.unit_of_work() as work:
            is_ours = await work.jobs.claim(job.name, self.holder, interval=job.interval, now=now, until=now + CLAIM)
            await work.commit()
        return is_ours

    async def _record(self, job: Job, error: str | None) -> None:
        backlog = None if job.backlog is None else await job.backlog()
        async with self.unit_of_work() as work:
            await work.jobs.record(job.name, self.holder, self.clock.now(), error=error, backlog=backlog)
            await work.commit()
