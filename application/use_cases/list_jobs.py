"""How the periodic jobs are."""

from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory


@attrs.frozen(kw_only=True)
class JobView:
    """A job: when it ran, how late it is, what waits for it. ``waiting`` is ``None`` where nothing can wait."""

    name: str
    interval_seconds: float
    instance: str | None
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    lag_seconds: float
    waiting: int | None


@attrs.frozen
class ListJobs:
    """Every job that ever ran, whichever instance did it."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self) -> tuple[JobView, ...]:
        """By name. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            jobs = await work.jobs.all()
        now = self.clock.now()
        return tuple(
            JobView(
                name=job.name,
                interval_seconds=job.interval.total_seconds(),
                instance=job.holder,
                last_run_at=job.last_run_at,
                last_success_at=job.last_success_at,
                last_error=job.last_error,
                lag_seconds=job.lag(now).total_seconds(),
                waiting=None if job.backlog is None else job.backlog.count,
            )
            for job in jobs
        )
