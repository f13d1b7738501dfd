"""``rs-downloader serve`` and ``migrate``: the server and its schema."""

import gc
import socket
from contextlib import ExitStack

import rich_click as click

from adapters.http.listening import listening_socket
from adapters.persistence import revision
from entrypoints.cli.commands import data_dir_option, from_settings
from entrypoints.cli.session import load_settings, management_socket, prepare_schema


@click.command()
@from_settings("host")
@from_settings("port", type=click.IntRange(0, 65535))
@data_dir_option
def serve(*, host: str | None, port: int | None, data_dir: str | None) -> None:
    """Serve downloads over HTTP until stopped with Ctrl-C or SIGTERM.

    Running transfers may end first, for as long as the drain setting says. The embedded SQLite database is migrated by
    itself; another database by 'migrate', before a new version starts.
    """
    # The web framework takes a while to load, and no other command needs it.
    from adapters.http.server import serve as serve_on  # noqa: PLC0415 - see above
    from entrypoints.http import create_service  # noqa: PLC0415 - see above

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    prepare_schema(settings)
    with ExitStack() as sockets:
        listener = sockets.enter_context(listening_socket(settings.host, settings.port))
        management = management_socket(settings)
        if management is not None:
            sockets.enter_context(management)
        service = create_service(settings, management)
        sockets.pop_all()  # From here on those who serve on them close them.
    gc.freeze()  # The application stays as long as the process; a full collection would hold every request up.
    address = _address(listener)

    def say_where() -> None:
        click.echo(f"Listening on {address} with data in {settings.data_dir}. Interactive API: {address}/schema")

    serve_on(
        service.app,
        listener,
        stall_timeout=settings.stall_timeout_seconds,
        graceful_timeout=settings.drain_seconds,
        on_started=say_where,
        on_draining=service.drain,
        log_level=settings.log_level,
    )


@click.command()
@data_dir_option
def migrate(*, data_dir: str | None) -> None:
    """Bring the database schema up to date; safe to repeat, and when several do it at once."""
    from adapters.persistence.migrate import upgrade  # noqa: PLC0415 - other commands need no alembic

    settings = load_settings(data_dir=data_dir)
    upgrade(settings.resolved_database_url)
    click.echo(f"The schema is at revision {revision.current(settings.resolved_database_url)}.")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
