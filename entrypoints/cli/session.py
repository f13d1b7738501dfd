"""Running use cases from a command: settings, container, event loop, tenant."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs
import rich_click as click

from adapters.http.listening import listening_socket
from adapters.persistence import revision
from adapters.telemetry import logs
from application.errors import PortError
from application.use_cases.list_tenants import ListTenants
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound
from entrypoints.cli.variables import option_variables
from entrypoints.containers import CLIContainer, UseCases
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings

T = TypeVar("T")

OPERATOR = "operator"
"""Whom records name as the issuer when somebody works with the command line; access to the database is the right."""


class NotMigrated(PortError):
    """The database is there, but not its tables as this version needs them."""

    code = "not-migrated"


@attrs.frozen
class Session:
    """What a command works with: the use cases, and the tenant it is about."""

    container: CLIContainer
    tenant: str

    @property
    def use_cases(self) -> UseCases:
        """Providers of the use cases; call one to get it."""
        # The container's own type says only that this is a provider of containers.
        return self.container.use_cases  # type: ignore[return-value]

    @property
    def caller(self) -> Caller:
        """The operator."""
        return Caller(self.tenant, OPERATOR, Role.INSTANCE_ADMIN)


def load_settings(**overrides: object) -> Settings:
    """The settings, with what the command line says; also sets up logging."""
    settings = Settings.from_environ(overrides=overrides, also_known=_option_variables())
    as_json = {"json": True, "console": False}.get(settings.log_format)
    logs.configure(level=settings.log_level, as_json=as_json)
    return settings


def _option_variables() -> set[str]:
    context: click.Context | None = click.get_current_context()
    assert context is not None, "settings are loaded by commands"
    return {variable.name for variable in option_variables(context.find_root().command)}


def prepare_schema(settings: Settings) -> None:
    """Migrate the embedded database; another one must have been migrated. Raises ``NotMigrated``.

    A newer schema than this version knows is let pass: while a new version is rolled out, the old one goes on.
    """
    url = settings.resolved_database_url
    found = revision.current(url)
    if url.startswith("sqlite"):
        if found != revision.newest():
            # Most commands find nothing to migrate, and need not wait until alembic is loaded.
            from adapters.persistence import migrate  # noqa: PLC0415 - see above

            migrate.upgrade(url)
        return
    if found is None:
        raise NotMigrated("The database has no schema yet. Make it with: rs-downloader migrate")
    if revision.is_outdated(found):
        raise NotMigrated(
            f"The database's schema is of an older version ({found}). Bring it up to date with: rs-downloader migrate"
        )


def management_socket(settings: Settings) -> socket.socket | None:
    """A listening socket for health and metrics, where there is a port for them. Raises ``OSError``."""
    if not settings.management_port:
        return None
    return listening_socket(settings.host, settings.management_port)


def run_with_container(data_dir: str | None, work: Callable[[CLIContainer], Awaitable[T]]) -> T:
    """Run ``work`` with open adapters, in an event loop of its own."""
    settings = load_settings(data_dir=data_dir)
    prepare_schema(settings)

    async def inside() -> T:
        container = CLIContainer(settings=settings)
        container.check_dependencies()
        async with opened(container.adapters):
            return await work(container)

    return asyncio.run(inside())


def run(data_dir: str | None, tenant: str | None, work: Callable[[Session], Awaitable[T]]) -> T:
    """Run ``work`` for one tenant. Raises ``NotFound`` when it is not served, ``InvalidValue`` when it is unclear."""

    async def inside(container: CLIContainer) -> T:
        return await work(Session(container, await _tenant(container.use_cases.list_tenants(), tenant)))

    return run_with_container(data_dir, inside)


async def _tenant(list_tenants: ListTenants, wanted: str | None) -> str:
    names = await list_tenants.execute()
    if wanted is None and len(names) == 1:
        return names[0]
    if not names:
        raise NotFound("There is no tenant yet. Make one with: rs-downloader tenants add NAME")
    if wanted is None:
        raise InvalidValue(f"Say which tenant, with --tenant: {', '.join(names)}.")
    if wanted not in names:
        raise NotFound(f"There is no tenant {wanted!r}. Known are: {', '.join(names)}.")
    return wanted
