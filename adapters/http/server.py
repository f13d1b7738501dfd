"""The HTTP server of a process: its event loop, and how it stops."""

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from adapters.http.listening import BACKLOG
from adapters.http.sendfile_protocol import SendfileProtocol

if sys.platform != "win32":
    import resource


KEEP_ALIVE_SECONDS = 30
"""How long an idle connection is kept for a client that fetches file after file and works in between."""

_SETTLE_SECONDS = 10.0
"""How long apps may take to settle after their connections were cut; a database may be slow to answer."""


class Server(uvicorn.Server):
    """Serves one app on one socket, in whatever event loop and thread ``serve`` is awaited.

    ``should_exit = True`` (or SIGTERM and SIGINT in the main thread) stops it: ``on_draining`` tells the app, which is
    expected to refuse what would last (without it nothing new is accepted), running responses may finish for
    ``graceful_timeout`` seconds, then they are cut and their apps may settle. A second SIGINT cuts at once.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        stall_timeout: float = 120.0,
        head_timeout: float = KEEP_ALIVE_SECONDS,
        on_started: Callable[[], None] | None = None,
        on_draining: Callable[[], Awaitable[None]] | None = None,
        graceful_timeout: float = 30.0,
        log_level: str | int | None = None,
        loop: str = "auto",
    ) -> None:
        waits = {"stall_timeout": stall_timeout, "head_timeout": head_timeout}
        protocol = type("_ConfiguredProtocol", (SendfileProtocol,), waits)
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                loop=loop,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                log_config=None,
                log_level=log_level,
                access_log=False,
                server_header=False,
                date_header=True,
                proxy_headers=False,
            )
        )
        self._on_started = on_started
        self._on_draining = on_draining
        self._graceful_timeout = graceful_timeout

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        if self.started and self._on_started is not None:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, cut, let the apps settle, and only then end the app's lifespan.

        uvicorn alone cancels what is left and closes the lifespan, and with it the database, in the same moment.
        """
        if self._on_draining is not None:
            await asyncio.gather(self._on_draining(), self._drain(self._graceful_timeout))
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self._on_draining is None:
            await self._wait_for_responses(self._graceful_timeout)
        self._cut("the server is stopping")
        await self._wait_for_responses(_SETTLE_SECONDS)
        for task in list(self.server_state.tasks):
            task.cancel()
        await self._wait_for_responses(1.0)
        await super().shutdown(sockets=sockets)

    async def _drain(self, seconds: float) -> None:
        """Wait for running responses with the door open: whoever comes now is told to go elsewhere, by the app."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while loop.time() < deadline and not self.force_exit:
            asked = [each for each in self.server_state.connections if getattr(each, "cycle", None) is not None]
            for connection in asked:
                connection.shutdown()
            if not self.server_state.tasks and not asked:
                return
            await asyncio.sleep(0.02)

    async def _wait_for_responses(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (self.server_state.tasks or self.server_state.connections) and loop.time() < deadline:
            if self.force_exit:
                self._cut("the server was told to stop at once")
            await asyncio.sleep(0.02)

    def _cut(self, reason: str) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, SendfileProtocol):
                connection.cut(reason)


def serve(
    app: Callable[..., Any],
    sock: socket.socket,
    *,
    stall_timeout: float = 120.0,
    on_started: Callable[[], None] | None = None,
    on_draining: Callable[[], Awaitable[None]] | None = None,
    graceful_timeout: float = 30.0,
    log_level: str | int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then return normally; closes the socket. See ``Server`` for the parameters.

    Raises this process's limit of open files as far as it may: a download holds three (connection, duplicate, file).
    ``log_level`` sets the level of uvicorn's loggers; where lines go is the caller's logging configuration. Raises
    ``SystemExit`` when the app's lifespan fails to start.
    """
    server = Server(
        app,
        stall_timeout=stall_timeout,
        on_started=on_started,
        on_draining=on_draining,
        graceful_timeout=graceful_timeout,
        log_level=log_level,
    )
    _allow_many_descriptors()
    with sock, _quiet_signals():
        server.run(sockets=[sock])


def _allow_many_descriptors() -> None:
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            # Some systems name a hard limit that they then refuse; the soft one serves, for fewer clients.
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _quiet_signals() -> Iterator[None]:
    """Uvicorn raises the signals that stopped it once more for whoever was there before; a clean stop is no failure."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do."""
