"""An ASGI app whose every response is a script, and which tells the test what it saw of the connection."""

import queue
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]


class ScriptedApp:
    """Runs ``script(app, scope, send)`` for every request and records how it ended."""

    def __init__(self, script: Callable[["ScriptedApp", dict[str, Any], Send], Awaitable[None]]) -> None:
        self._script = script
        self._ends: queue.Queue[BaseException | None] = queue.Queue()
        self.handed_over = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        self.receive = receive
        try:
            await self._script(self, scope, send)
        except BaseException as error:
            self._ends.put(error)
            raise
        self._ends.put(None)

    def progress(self, count: int) -> None:
        """What the scripts report as handed over."""
        self.handed_over += count

    def end(self) -> BaseException | None:
        """How the oldest response not asked for yet ended for the app: its error, or ``None``."""
        return self._ends.get(timeout=20)


async def start(send: Send, length: int | None, status: int = 200) -> None:
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def send_file(
    app: ScriptedApp,
    send: Send,
    file: Any,
    offset: int,
    count: int,
    *,
    more: bool = False,
    cold: bool = False,
    disk: str = "",
) -> None:
    await send(
        {
            "type": "http.response.zerocopysend",
            "file": file,
            "offset": offset,
            "count": count,
            "more_body": more,
            "progress": app.progress,
            "cold": cold,
            "disk": disk,
        }
    )


async def send_body(app: ScriptedApp, send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
    app.progress(len(body))
