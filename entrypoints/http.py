"""The HTTP process: the application with its use cases, its periodic work, and its orderly end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, cast

import attrs
import structlog
from litestar import Litestar
from litestar.di import Provide

from adapters.http.app import create_app
from adapters.http.client_addresses import ClientAddresses
from adapters.http.gate import Gate
from adapters.telemetry.metrics import Metrics, RequestMetrics
from adapters.telemetry.requests import ASGIApp, RequestLog
from application.delivery.cool_downs import CoolDowns
from application.delivery.rota import Rota
from application.delivery.running import RunningTransfers
from application.delivery.verification import VerifiedCopies
from application.errors import PortError
from application.use_cases.keep_instance import KeepInstance
from application.use_cases.renew_transfers import RenewTransfers
from application.use_cases.report_refusals import ReportRefusals
from application.use_cases.run_job import RunJob
from domain.profile import Profile
from entrypoints.containers.http import HTTPContainer, use_cases_of
from entrypoints.jobs import upkeep_of
from entrypoints.lifetimes import opened
from entrypoints.observing import observed, watch
from entrypoints.periodic import ended, every
from entrypoints.restoring import restoration_jobs
from entrypoints.settings import Settings

Periodic = tuple[str, float, Callable[[], Awaitable[object]]]
"""Name, seconds, and what is done again and again."""

_log = structlog.get_logger("rs_downloader.server")


def create(settings: Settings) -> Litestar:
    """The application for these settings. The schema must be up to date (``adapters.persistence.migrate``)."""
    return create_from(container_for(settings))


@attrs.frozen
class Service:
    """An application with everything around it; ``drain`` makes it take no more downloads."""

    app: ASGIApp
    drain: Callable[[], Awaitable[None]]


def create_service(settings: Settings, management: socket.socket | None = None) -> Service:
    """The application behind its gate, with a request id, a log line and a count for every request.

    ``management`` is a listening socket for health and metrics, which is closed when the application ends.
    """
    container = container_for(settings)
    running: RunningTransfers = container.use_cases.running()
    rota: Rota = container.use_cases.rota()
    gate = Gate(
        # Litestar types the messages more narrowly than ASGI does.
        cast("ASGIApp", create_from(container, management)),
        transfers=lambda: len(running) + rota.running,
        max_requests=settings.max_requests,
        max_transfers=settings.max_transfers,
    )
    watch(container, gate)
    clock, metrics = container.adapters.clock(), container.adapters.metrics()

    async def drain() -> None:
        keep: KeepInstance = container.use_cases.keep_instance()
        gate.is_draining = container.use_cases.check_health().is_draining = keep.is_draining = True
        try:
            await keep.execute()
        except PortError as error:
            _log.warning("the others were not told of the end", error=str(error))

    return Service(RequestLog(RequestMetrics(gate, metrics, clock), container.adapters.ids(), clock), drain)


def container_for(settings: Settings) -> HTTPContainer:
    """A container of its own for every application, so that two in one process share nothing."""
    container = HTTPContainer(settings=settings)
    container.check_dependencies()
    return container


def create_from(container: HTTPContainer, management: socket.socket | None = None) -> Litestar:
    """The application over a container, whose adapters may have been overridden."""
    settings: Settings = container.settings()

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(opened(container.adapters))
            stack.push_async_callback(container.key_sets().aclose)
            stack.push_async_callback(container.adapters.downloader().aclose)
            if settings.active_profiles & {Profile.DOWNLOADER, Profile.STORAGE}:
                # Loads the plugins now, not when the first download waits for them.
                container.adapters.storage_registry().plugins()
            verified: VerifiedCopies = container.use_cases.verified()
            stack.push_async_callback(verified.aclose)
            cool_downs: CoolDowns = container.use_cases.cool_downs()
            stack.push_async_callback(cool_downs.flush)
            renew: RenewTransfers = container.use_cases.renew_transfers()
            running: RunningTransfers = container.use_cases.running()
            metrics: Metrics = container.adapters.metrics()
            keep: KeepInstance = container.use_cases.keep_instance()
            stack.push_async_callback(_drain, running, renew)
            await keep.execute()
            stack.push_async_callback(_leave, keep)
            report: ReportRefusals = container.use_cases.report_refusals()
            # Without a broker nobody would ever read the reports.
            reports = [("report refusals", settings.report_seconds, report.execute)] if settings.broker_url else []
            if reports:
                stack.push_async_callback(_report, report)
            always: list[Periodic] = [
                *reports,
                ("keep instance", settings.renew_seconds, keep.execute),
                ("renew leases", settings.renew_seconds, renew.execute),
            ]
            for name, seconds, work in (*always, *_of_profiles(container)):
                metrics.job_expected(name)
                ran = partial(_count_run, metrics, name)
                stack.push_async_callback(ended, asyncio.create_task(every(seconds, work, name=name, ran=ran)))
            await stack.enter_async_context(observed(container, management))
            _log.info("ready", instance=running.instance_id)
            yield

    proxies = ClientAddresses.behind(settings.proxy_networks)
    return create_app(
        dependencies={
            **provided(use_cases_of(container)),
            **provided({"deliver_file": container.deliver_file, "front_door": container.front_door}),
            "known_tenants": Provide(lambda: container.known_tenants(), sync_to_thread=False),  # noqa: PLW0108 - as below
            "oauth_client": Provide(lambda: container.oauth_client(), sync_to_thread=False),  # noqa: PLW0108 - as below
            "client_addresses": Provide(lambda: proxies, sync_to_thread=False),
            "item_format": Provide(lambda: container.adapters.item_format(), sync_to_thread=False),  # noqa: PLW0108 - as below
            "exposition": Provide(lambda: container.adapters.metrics().exposition, sync_to_thread=False),
        },
        authenticator=container.authenticator(),
        version=version("rs-downloader"),
        profiles=settings.active_profiles,
        lifespan=[lifespan],
    )


def _of_profiles(container: HTTPContainer) -> list[Periodic]:
    """The upkeep of what a process is there for. The front door alone leaves it to the processes behind it."""
    settings: Settings = container.settings()
    profiles, found = settings.active_profiles, list[Periodic]()
    if profiles & {Profile.DOWNLOADER, Profile.STORAGE}:
        run: RunJob = container.use_cases.run_job()
        found += [(job.name, job.interval.total_seconds(), partial(run.execute, job)) for job in upkeep_of(container)]
    if Profile.STORAGE in profiles:
        found += [(job.name, job.interval.total_seconds(), job.work) for job in restoration_jobs(container)]
    return found


def provided(providers: Mapping[str, Callable[[], Any]]) -> dict[str, Provide]:
    """The bridge from the container to the framework: every use case under its name."""

    def bridged(provider: Callable[[], Any]) -> Provide:
        return Provide(lambda: provider(), sync_to_thread=False)  # noqa: PLW0108 — Litestar cannot inspect a provider.

    return {name: bridged(provider) for name, provider in providers.items()}


def _count_run(metrics: Metrics, job: str, is_done: bool) -> None:  # noqa: FBT001 - what ``every`` reports
    metrics.job_ran(job, is_done=is_done)


async def _drain(running: RunningTransfers, renew: RenewTransfers) -> None:
    """What the server did not let end by itself is settled with what it delivered, as far as the database answers."""
    if running.unsettled:
        try:
            await renew.execute()
        except Exception as error:  # noqa: BLE001 — the process ends anyway; the leases heal what is left.
            _log.warning("not everything could be settled", error=f"{type(error).__name__}: {error}")
    _log.info("stopped", transfers_left=len(running))


async def _report(report: ReportRefusals) -> None:
    try:
        await report.execute()
    except PortError as error:
        _log.warning("the last refusals are told to nobody", error=str(error))


async def _leave(keep: KeepInstance) -> None:
    try:
        await keep.leave()
    except PortError as error:
        _log.warning("the instance stays registered until others forget it", error=str(error))
