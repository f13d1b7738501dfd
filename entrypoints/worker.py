"""The worker process: upkeep and publishing, again and again; any number of workers may run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog

from adapters.amqp.publisher import AMQPPublisher
from application.errors import PortError
from application.ports.jobs import Backlog
from application.use_cases.run_job import Job, RunJob
from entrypoints.containers import CLIContainer
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings
from entrypoints.stopping import stopped_by_signal

_log = structlog.get_logger("rs_downloader.worker")


def jobs_of(container: CLIContainer) -> tuple[Job, ...]:
    """What there is to do for these settings; without a broker nothing is published."""
    settings: Settings = container.settings()
    # The container's own type says only that this is a provider of containers.
    use_cases: Any = container.use_cases
    upkeep = tuple(
        Job(name=name, interval=timedelta(seconds=settings.sweep_seconds), work=work)
        for name, work in (
            ("sweep", use_cases.sweep().execute),
            ("forget instances", use_cases.forget_instances().execute),
            ("finish removals", use_cases.finish_removals().execute),
        )
    )
    if not settings.broker_url:
        return upkeep

    async def backlog() -> Backlog:
        async with container.adapters.unit_of_work() as work:
            waiting: Backlog = await work.outbox.backlog()
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


async def work(settings: Settings) -> None:
    """Do every job at its interval until SIGTERM or SIGINT; what is being done then is done to its end."""
    async with _opened(settings) as container:
        run: RunJob = container.use_cases.run_job()
        jobs = jobs_of(container)
        with stopped_by_signal() as stopping:
            _log.info("working", jobs=[job.name for job in jobs])
            await asyncio.gather(*(_again_and_again(run, job, stopping) for job in jobs))
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


async def _again_and_again(run: RunJob, job: Job, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await run.execute(job)
        except Exception as error:  # noqa: BLE001 — whatever went wrong this time may be right the next time.
            _log.warning("job failed", job=job.name, error=f"{type(error).__name__}: {error}")
        with suppress(TimeoutError):
            async with asyncio.timeout(job.interval.total_seconds()):
                await stopping.wait()
