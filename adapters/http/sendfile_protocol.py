"""HTTP/1.1 with zero copy: uvicorn's protocol, plus the ASGI extension ``http.response.zerocopysend``.

The message::

    {"type": "http.response.zerocopysend", "file": <int or object with fileno()>, "offset": int, "count": int,
     "more_body": bool = False, "progress": Callable[[int], None] | None = None, "cold": bool = False}

sends ``count`` bytes of a regular file, calling ``progress`` with the bytes of each step; what that raises ends the
send. ``cold`` reads in a worker thread. It may be mixed with ``http.response.body`` messages in one response, which
must have a Content-Length. Offered on Linux without TLS only: look into ``scope["extensions"]``, and send chunks
otherwise. Both kinds raise ``ClientDisconnected`` once the client is gone or has taken nothing for ``stall_timeout``
seconds; zero copy also raises ``SourceFailed``.

Stands on internals of uvicorn 0.54; tests/integration/test_uvicorn_contract.py names each of them.
"""

import asyncio
import sys

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from adapters.http.connection_watch import WRITE_BUFFER_BYTES
from adapters.http.response_errors import AbortResponse, ClientDisconnected, SourceFailed
from adapters.http.response_sender import ResponseSender

__all__ = ["EXTENSION", "AbortResponse", "ClientDisconnected", "SendfileProtocol", "SourceFailed"]

EXTENSION = "http.response.zerocopysend"


class SendfileProtocol(HttpToolsProtocol):
    """One connection; a subclass sets ``stall_timeout`` (seconds)."""

    stall_timeout: float = 120.0
    _sender: ResponseSender | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # Narrowed as uvicorn does.
        """Bound what the transport may hold for a slow client."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def eof_received(self) -> None:
        """The client is done, and uvicorn serves no half-closed connection: the transport closes next."""
        super().eof_received()
        if self._sender is not None:
            self._sender.watch.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell a response that waits for this client, before the app's own watcher of ``receive`` may cancel it."""
        if self._sender is not None:
            self._sender.watch.lost()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """Tell a response that waits for room."""
        super().resume_writing()
        if self._sender is not None:
            self._sender.watch.wake()

    def cut(self, reason: str) -> None:
        """End the connection at once; an app that sends on it gets ``ClientDisconnected`` with this reason."""
        if self._sender is None:
            self.transport.abort()
        else:
            self._sender.watch.reset(reason)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self.scheme == "http" and sys.platform == "linux":
            cycle.scope.setdefault("extensions", {})[EXTENSION] = {}
        self._sender = ResponseSender(cycle, app, stall_timeout=self.stall_timeout)
        super()._start_asgi_task(cycle, self._sender)
