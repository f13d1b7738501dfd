"""The work on restorations that every server and every worker does, however many there are."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import attrs
import structlog

from adapters.telemetry.metrics import Metrics
from application.errors import PortError
from application.ports.jobs import Backlog
from application.use_cases.check_cache import CheckCache
from application.use_cases.copy_restored import CopyRestored
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.follow_restorations import FollowRestorations
from application.use_cases.forget_restorations import ForgetRestorations
from application.use_cases.run_job import Job
from application.use_cases.run_shared_job import RunSharedJob
from application.use_cases.start_restorations import StartRestorations
from domain.restoration import RestorationState
from entrypoints.settings import Settings

_log = structlog.get_logger("rs_downloader.restoring")


@attrs.define
class Restoring:
    """One round after another: make room, start what fits, look after what is started.

    The folder of the cache is checked in the first round, and then once in a while. It is copied into beside the
    rounds, since a copy may take hours.
    """

    _check: CheckCache
    _forget: ForgetRestorations
    _expire: ExpireCopies
    _start: StartRestorations
    _follow: FollowRestorations
    _copy: CopyRestored
    _monotonic: Callable[[], float]
    _check_seconds: float
    _next_check: float = 0.0

    async def round(self) -> None:
        """Raises ``DatabaseUnavailable``."""
        now = self._monotonic()
        if now >= self._next_check:
            self._next_check = now + self._check_seconds
            await self._tidy_up()
        await self._expire.execute()
        await self._start.execute()
        await self._follow.execute()

    async def copy(self) -> None:
        """Raises ``DatabaseUnavailable``."""
        await self._copy.execute()

    async def _tidy_up(self) -> None:
        try:
            await self._forget.execute()
            checked = await self._check.execute()
        except PortError as error:
            _log.warning("the cache could not be tidied up", error=str(error))
            return
        if checked.removed_rows or checked.removed_files:
            _log.warning("the cache was put right", rows=checked.removed_rows, files=checked.removed_files)


def restoring(container: Any) -> Restoring:
    """The work over a container's use cases."""
    settings: Settings = container.settings()
    use_cases = container.use_cases
    return Restoring(
        check=use_cases.check_cache(),
        forget=use_cases.forget_restorations(),
        expire=use_cases.expire_copies(),
        start=use_cases.start_restorations(),
        follow=use_cases.follow_restorations(),
        copy=use_cases.copy_restored(),
        monotonic=container.adapters.clock().monotonic,
        check_seconds=settings.cache_check_seconds,
    )


def restoration_jobs(container: Any) -> tuple[Job, ...]:
    """The same as jobs. They need no claim: each restoration is claimed by itself. How they went is kept all the same.

    A copy may take hours, so that the lag of copying is the age of what waits for it.
    """
    settings: Settings = container.settings()
    work = restoring(container)
    run: RunSharedJob = container.use_cases.run_shared_job()
    metrics: Metrics = container.adapters.metrics()

    async def uncopied() -> Backlog:
        async with container.adapters.unit_of_work() as unit:
            found: Backlog = await unit.restorations.backlog(RestorationState.COPYING, container.adapters.clock().now())
        return found

    interval = timedelta(seconds=settings.restoration_seconds)
    jobs = (
        Job(name="restorations", interval=interval, work=work.round),
        Job(name="restored copies", interval=interval, work=work.copy, backlog=uncopied),
    )
    return tuple(
        attrs.evolve(job, work=partial(run.execute, job, goes_on=metrics.job_goes_on), backlog=None) for job in jobs
    )
