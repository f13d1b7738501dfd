"""The worker process: upkeep and publishing, again and again; any number of workers may run."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import attrs
import structlog

from adapters.amqp.publisher import AMQPPublisher
from adapters.telemetry.metrics import Metrics
from application.delivery.cool_downs import CoolDowns
from application.errors import PortError
from application.ports.jobs import Backlog
from application.use_cases.run_job import Job, RunJob
from application.use_cases.scrub import Scrub, ScrubResult
from entrypoints.containers import CLIContainer
from entrypoints.jobs import upkeep_of
from entrypoints.lifetimes import opened
from entrypoints.observing import observed
from entrypoints.periodic import ended, every
from entrypoints.restoring import restoration_jobs
from entrypoints.settings import Settings
from entrypoints.stopping import stopped_by_signal

_log = structlog.get_logger("rs_downloader.worker")


SCRUB_INTERVAL = timedelta(minutes=1)
"""How often a worker looks whether copies are due to be read again."""


def jobs_of(container: CLIContainer) -> tuple[Job, ...]:
    """What there is to do for these settings; without a broker nothing is published."""
    settings: Settings = container.settings()
    # The container's own type says only that this is a provider of containers.
    use_cases: Any = container.use_cases
    upkeep = upkeep_of(container)
    if settings.scrub_policy.is_on:
        upkeep += (Job(name="scrub", interval=SCRUB_INTERVAL, work=_scrubbing(container), may_be_broken_off=True),)
    if not settings.broker_url:
        return upkeep
    metrics: Metrics = container.adapters.metrics()
    seen = Backlog(count=0, oldest_at=None)
    metrics.watch("outbox_waiting", "Events that waited to be published when last looked at.", lambda: seen.count)

    async def backlog() -> Backlog:
        nonlocal seen
        async with container.adapters.unit_of_work() as work:
            waiting: Backlog = await work.outbox.backlog()
        seen = waiting
        return waiting

    quota_updates = Job(
        name="quota updates",
        interval=timedelta(seconds=settings.report_seconds),
        work=use_cases.publish_quota_updates().execute,
    )
    relay = Job(
        name="relay",
        interval=timedelta(seconds=settings.relay_seconds),
        work=use_cases.relay_outbox().execute,
        backlog=backlog,
    )
    return *upkeep, quota_updates, relay


def _scrubbing(container: CLIContainer) -> Callable[[], Awaitable[object]]:
    scrub: Scrub = container.use_cases.scrub()
    cool_downs: CoolDowns = container.use_cases.cool_downs()

    async def work() -> None:
        result = await scrub.execute()
        await cool_downs.flush()
        if result != ScrubResult():
            (_log.warning if result.wrong or result.unreadable else _log.info)("scrubbed", **attrs.asdict(result))

    return work


async def work(settings: Settings, management: socket.socket | None = None) -> None:
    """Do every job at its interval until SIGTERM or SIGINT; what is being done then is done to its end.

    ``management`` is a listening socket for health and metrics, which is closed at the end.
    """
    async with _opened(settings) as container, observed(container, management):
        run: RunJob = container.use_cases.run_job()
        metrics: Metrics = container.adapters.metrics()
        jobs = jobs_of(container)
        with stopped_by_signal() as stopping:
            _log.info("working", jobs=[job.name for job in jobs])
            shared = [
                asyncio.create_task(
                    every(job.interval.total_seconds(), job.work, name=job.name, ran=_counted(metrics, job.name))
                )
                for job in restoration_jobs(container)
            ]
            try:
                await asyncio.gather(*(_again_and_again(run, job, stopping, metrics) for job in jobs))
            finally:
                # A copy may take hours: it is broken off, and another worker starts it again.
                await asyncio.gather(*map(ended, shared))
        _log.info("stopped")


async def work_once(settings: Settings) -> dict[str, str]:
    """Do every job once, in order; what failed, by name, with the reason."""
    failed: dict[str, str] = {}
    async with _opened(settings) as container:
        run: RunJob = container.use_cases.run_job()
        for job in jobs_of(container):
            try:
                if not await run.execute(job):
                    failed[job.name] = "Another worker is doing it."
            except PortError as error:
                failed[job.name] = str(error)
        for job in restoration_jobs(container):
            try:
                await job.work()
            except PortError as error:
                failed[job.name] = str(error)
    return failed


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[CLIContainer]:
    container = CLIContainer(settings=settings)
    container.check_dependencies()
    async with opened(container.adapters):
        publisher: AMQPPublisher | None = container.adapters.publisher() if settings.broker_url else None
        try:
            yield container
        finally:
            if publisher is not None:
                await publisher.aclose()


def _counted(metrics: Metrics, job: str) -> Callable[[bool], None]:
    """What ``every`` tells of the job's runs."""
    metrics.job_expected(job)
    return lambda is_done: metrics.job_ran(job, is_done=is_done)


async def _again_and_again(run: RunJob, job: Job, stopping: asyncio.Event, metrics: Metrics) -> None:
    metrics.job_expected(job.name)
    while not stopping.is_set():
        try:
            if not job.may_be_broken_off:
                await run.execute(job)
            else:
                await _unless_stopping(run.execute(job), stopping)
        except Exception as error:  # noqa: BLE001 — whatever went wrong this time may be right the next time.
            _log.warning("job failed", job=job.name, error=f"{type(error).__name__}: {error}")
            metrics.job_ran(job.name, is_done=False)
        else:
            metrics.job_ran(job.name, is_done=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(job.interval.total_seconds()):
                await stopping.wait()


async def _unless_stopping(work: Coroutine[Any, Any, object], stopping: asyncio.Event) -> None:
    """Do the work until it is done, or break it off when the worker is to stop."""
    doing, waiting = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            await doing
    finally:
        doing.cancel()
        waiting.cancel()
        await asyncio.gather(doing, waiting, return_exceptions=True)
