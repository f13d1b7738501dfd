"""The HTTP process: the application with its use cases, its periodic work, and its orderly end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, cast

import structlog
from litestar import Litestar
from litestar.di import Provide

from adapters.http.app import create_app
from adapters.telemetry.requests import ASGIApp, RequestLog
from application.delivery.running import RunningTransfers
from application.delivery.verification import VerifiedCopies
from application.use_cases.renew_transfers import RenewTransfers
from application.use_cases.sweep import Sweep
from entrypoints.containers import HTTPContainer, use_cases_of
from entrypoints.lifetimes import opened
from entrypoints.periodic import every
from entrypoints.settings import Settings

_log = structlog.get_logger("rs_downloader.server")


def create(settings: Settings) -> Litestar:
    """The application for these settings. The schema must be up to date (``adapters.persistence.migrate``)."""
    return create_from(container_for(settings))


def create_logged(settings: Settings) -> ASGIApp:
    """The same, with a request id and a log line for every request, also for those that match no route."""
    container = container_for(settings)
    app = cast("ASGIApp", create_from(container))  # Litestar types the messages more narrowly than ASGI does.
    return RequestLog(app, container.adapters.ids(), container.adapters.clock())


def container_for(settings: Settings) -> HTTPContainer:
    """A container of its own for every application, so that two in one process share nothing."""
    container = HTTPContainer(settings=settings)
    container.check_dependencies()
    return container


def create_from(container: HTTPContainer) -> Litestar:
    """The application over a container, whose adapters may have been overridden."""
    settings: Settings = container.settings()

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(opened(container.adapters))
            verified: VerifiedCopies = container.use_cases.verified()
            stack.push_async_callback(verified.aclose)
            renew: RenewTransfers = container.use_cases.renew_transfers()
            sweep: Sweep = container.use_cases.sweep()
            running: RunningTransfers = container.use_cases.running()
            stack.push_async_callback(_drain, running, renew)
            for task in (
                every(settings.renew_seconds, renew.execute, name="renew leases"),
                every(settings.sweep_seconds, sweep.execute, name="sweep"),
            ):
                stack.push_async_callback(_stop, asyncio.create_task(task))
            _log.info("ready", instance=running.instance_id)
            yield

    return create_app(
        dependencies=provided(use_cases_of(container)),
        authenticator=container.authenticator(),
        version=version("rs-downloader"),
        lifespan=[lifespan],
    )


def provided(providers: Mapping[str, Callable[[], Any]]) -> dict[str, Provide]:
    """The bridge from the container to the framework: every use case under its name."""

    def bridged(provider: Callable[[], Any]) -> Provide:
        return Provide(lambda: provider(), sync_to_thread=False)  # noqa: PLW0108 — Litestar cannot inspect a provider.

    return {name: bridged(provider) for name, provider in providers.items()}


async def _drain(running: RunningTransfers, renew: RenewTransfers) -> None:
    """What the server did not let end by itself is settled with what it delivered, as far as the database answers."""
    if running.unsettled:
        try:
            await renew.execute()
        except Exception as error:  # noqa: BLE001 — the process ends anyway; the leases heal what is left.
            _log.warning("not everything could be settled", error=f"{type(error).__name__}: {error}")
    _log.info("stopped", transfers_left=len(running))


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
