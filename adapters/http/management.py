"""Health and numbers on a port of their own, which stays reachable when the main one refuses or drains."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator

import uvicorn

from adapters.http.errors import Answer, problem
from adapters.http.gate import Receive, Scope, Send
from adapters.http.health import LIVE, METRICS, READY, Exposition, live_answer, metrics_answer, ready_answer
from adapters.http.problems import BY_STATUS
from application.use_cases.check_health import CheckHealth


class ManagementApp:
    """A plain ASGI application: three addresses, nothing else."""

    def __init__(self, check_health: CheckHealth, exposition: Exposition) -> None:
        self._check_health = check_health
        self._exposition = exposition

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        answer = await self._answer(scope["method"], scope["path"])
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, method: str, path: str) -> Answer:
        if path not in {LIVE, READY, METRICS}:
            return problem(BY_STATUS[404], f"Here are only {LIVE}, {READY} and {METRICS}.")
        if method not in {"GET", "HEAD"}:
            return problem(BY_STATUS[405], "Only GET and HEAD are answered here.", headers=[("allow", "GET, HEAD")])
        if path == LIVE:
            return live_answer()
        return await ready_answer(self._check_health) if path == READY else metrics_answer(self._exposition)


@contextlib.asynccontextmanager
async def managed(app: ManagementApp, sock: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` on a listening socket while the block runs, in the same event loop; closes the socket."""
    config = uvicorn.Config(
        app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False, proxy_headers=False
    )
    config.timeout_graceful_shutdown = 1
    server = _Unsignalled(config)
    with sock:
        task = asyncio.create_task(server.serve(sockets=[sock]))
        try:
            yield
        finally:
            server.should_exit = True
            await task


class _Unsignalled(uvicorn.Server):
    """Signals belong to the main server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
