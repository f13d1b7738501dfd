"""HTTP/1.1 with zero copy: uvicorn's protocol, plus the ASGI extension ``http.response.zerocopysend``.

The message::

    {"type": "http.response.zerocopysend", "file": <int or object with fileno()>, "offset": int, "count": int,
     "more_body": bool = False, "progress": Callable[[int], None] | None = None, "cold": bool = False,
     "disk": str = ""}

sends ``count`` bytes of a regular file, calling ``progress`` with the bytes of each step; what that raises ends the
send. ``cold`` reads in a worker thread. It may be mixed with ``http.response.body`` messages in one response, which
must have a Content-Length. Offered on Linux without TLS only: look into ``scope["extensions"]``, and send chunks
otherwise. Both kinds raise ``ClientDisconnected`` once the client is gone or has taken nothing for ``stall_timeout``
seconds; zero copy also raises ``SourceFailed``.

A request's head is bounded in size and time, which uvicorn leaves to a proxy: anybody may open a connection.

Stands on internals of uvicorn 0.54; tests/integration/test_uvicorn_contract.py names each of them.
"""

import asyncio
import sys
from http import HTTPStatus

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from adapters.http.connection_watch import WRITE_BUFFER_BYTES
from adapters.http.errors import problem
from adapters.http.problems import kind_of_status
from adapters.http.response_errors import AbortResponse, ClientDisconnected, SourceFailed
from adapters.http.response_sender import ResponseSender

__all__ = ["EXTENSION", "AbortResponse", "ClientDisconnected", "SendfileProtocol", "SourceFailed"]

EXTENSION = "http.response.zerocopysend"

HEAD_BYTES = 64 * 1024
"""What a request's head may measure, give or take the reads in which it begins and ends."""


def _last_answer(status: int, detail: str) -> bytes:
    """What is written to a connection on which no request can be told from the next."""
    answer = problem(kind_of_status(status), detail)
    fields = [f"{name}: {value}" for name, value in (*answer.headers, ("connection", "close"))]
    head = "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields, "", ""])
    return head.encode("ascii") + answer.body


_HEAD_TOO_LARGE = _last_answer(431, f"The head of a request has at most {HEAD_BYTES} bytes.")
_NO_HTTP = _last_answer(400, "This is no HTTP request, or its address is longer than any address here.")


class SendfileProtocol(HttpToolsProtocol):
    """One connection; a subclass sets ``stall_timeout`` and ``head_timeout`` (seconds)."""

    stall_timeout: float = 120.0
    head_timeout: float = 30.0
    _sender: ResponseSender | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # Narrowed as uvicorn does.
        """Bound what the transport may hold for a slow client."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Refuse a head that does not end."""
        awaited = self._head_timer
        super().data_received(data)
        if self._head_timer is None or self.transport.is_closing():
            return
        if awaited is not self._head_timer and self._sender is not None:
            # It began in this read, behind the end of the request before: how much of the read is its own is not known.
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._refuse(_HEAD_TOO_LARGE, "the next request's head is too large")

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is refused in our words; uvicorn would write its own, even into a file."""
        self._refuse(_NO_HTTP, msg)

    def _refuse(self, answer: bytes, reason: str) -> None:
        self._end_head()
        if self._is_answering():
            # What is being sent is somebody's file: nothing may be written into it.
            self.cut(reason)
        else:
            self.transport.write(answer)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins, perhaps behind the body of the request before, in the same read."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """It is here."""
        self._end_head()
        super().on_headers_complete()

    def eof_received(self) -> None:
        """The client is done, and uvicorn serves no half-closed connection: the transport closes next."""
        super().eof_received()
        if self._sender is not None:
            self._sender.watch.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell a response that waits for this client, before the app's own watcher of ``receive`` may cancel it."""
        self._end_head()
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

    def _await_head(self) -> None:
        self._end_head()
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.head_timeout, self._head_is_late)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._is_answering():
            # Part of a next request came behind the one that is answered now; its time begins afterwards.
            self._head_timer = self.loop.call_later(self.head_timeout, self._head_is_late)
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        return self._sender is not None and not self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self.scheme == "http" and sys.platform == "linux":
            cycle.scope.setdefault("extensions", {})[EXTENSION] = {}
        self._sender = ResponseSender(cycle, app, stall_timeout=self.stall_timeout)
        super()._start_asgi_task(cycle, self._sender)
