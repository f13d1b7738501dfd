"""Sending one response: by the kernel or in chunks, and telling the app the truth about it."""

import asyncio
import errno
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakValueDictionary

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from adapters.http.connection_watch import ConnectionWatch
from adapters.http.response_errors import AbortResponse, ClientDisconnected, SourceFailed, meant_by_app

STEP_BYTES = 256 * 1024
COLD_STEP_BYTES = 512 * 1024
COLD_AT_ONCE = 16
"""Steps of one disk at a time: a disk that hangs holds so many threads, and leaves the others to the others."""
_cold = ThreadPoolExecutor(16 * COLD_AT_ONCE, thread_name_prefix="cold")
_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
_LAST_MESSAGE = {"type": "http.response.body", "body": b"", "more_body": False}
_SOCKET_ERRORS = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN})

logger = logging.getLogger(__name__)


def turns_of(disk: str) -> asyncio.Semaphore:
    """Who may copy from a disk in a thread now; the same for as long as somebody does."""
    return _turns.setdefault(disk, asyncio.Semaphore(COLD_AT_ONCE))


class ResponseSender:
    """The app of one request, wrapped: it is given a ``send`` that knows the extension and never hides an abort."""

    def __init__(self, cycle: RequestResponseCycle, app: ASGI3Application, *, stall_timeout: float) -> None:
        self._cycle = cycle
        self._app = app
        self._is_in_parts = False
        self.watch = ConnectionWatch(cycle, stall_timeout=stall_timeout)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, _send: ASGISendCallable) -> None:
        """Run the app. Errors that it did not mean go on to uvicorn, which logs them with a traceback."""
        try:
            await self._app(scope, receive, self.send)  # type: ignore[arg-type]  # The extension's message has no type.
        except asyncio.CancelledError:
            # Only the server cancels this task, when it stops; there is nobody above to tell.
            self._end(logging.INFO, "the server is stopping")
        except BaseException as error:
            meant = meant_by_app(error)
            if meant is None:
                self._reset_if_unfinished()
                raise
            self._end(logging.WARNING if isinstance(meant, AbortResponse) else logging.INFO, str(meant))
        else:
            self._reset_if_unfinished()
        finally:
            self.watch.close()

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI ``send``. Raises ``ClientDisconnected`` for a body that can no longer be sent, and ``SourceFailed``."""
        match message["type"]:
            case "http.response.zerocopysend":
                await self._send_file(message)
            case "http.response.body" if not self._cycle.response_complete:
                await self._send_body(message)
            case _:
                await self._send_other(message)

    async def _send_other(self, message: dict[str, Any]) -> None:
        if self._cycle.flow.write_paused and not self._cycle.disconnected:
            await self.watch.until_room()
        await self._pass_on(message)
        if message["type"] == "http.response.start" and message["status"] in {204, 304}:
            # They may announce the length of a body that they never have (RFC 9110 section 8.6).
            self._cycle.expected_content_length = 0

    async def _send_body(self, message: dict[str, Any]) -> None:
        body, is_last = message.get("body", b""), not message.get("more_body", False)
        if is_last and self._is_in_parts:
            await self._finish(body)
            return
        if not is_last:
            self._is_in_parts = True
            self.watch.begin_body()
        await self.watch.until_room()
        self.watch.writing(len(body))
        await self._pass_on(message)
        if not is_last:
            # The app makes its next chunk when this one has left: a slow client then costs one, not two.
            await self.watch.until_room()
        self.watch.reported()

    async def _finish(self, body: bytes) -> None:
        """End a body of several messages: it is complete when the kernel has taken, or the client has, every byte."""
        try:
            await self.watch.until_room()
            self.watch.writing(len(body))
            await self._pass_on({"type": "http.response.body", "body": body, "more_body": True})
            await self.watch.until_room()
        except ClientDisconnected:
            # A client may rightly hang up as soon as it has the last byte.
            if self._cycle.expected_content_length == 0 and self.watch.has_everything():
                return
            raise
        self.watch.reported()
        self.watch.end_body()
        await self._pass_on(_LAST_MESSAGE)

    async def _send_file(self, message: dict[str, Any]) -> None:
        cycle = self._cycle
        if not cycle.response_complete:
            self.watch.raise_if_gone()
        if not cycle.response_started or cycle.response_complete or cycle.chunked_encoding:
            raise RuntimeError("http.response.zerocopysend needs a started response that has a Content-Length.")
        if cycle.scope["method"] != "HEAD":
            if message["count"] > cycle.expected_content_length:
                raise RuntimeError("Response content longer than Content-Length")
            self._is_in_parts = True
            self.watch.begin_body()
            await self.watch.until_room()
            await self._copy(message)
        if not message.get("more_body", False):
            self.watch.end_body()
            await self._pass_on(_LAST_MESSAGE)

    async def _copy(self, message: dict[str, Any]) -> None:
        file, offset, left = message["file"], message["offset"], message["count"]
        descriptor = file if isinstance(file, int) else file.fileno()
        progress, is_cold = message.get("progress"), message.get("cold", False)
        sent_bytes = 0
        while left > 0:
            self.watch.raise_if_gone()
            try:
                if is_cold:
                    sent = await self._copy_in_thread(message, descriptor, offset, min(left, COLD_STEP_BYTES))
                else:
                    sent = os.sendfile(self.watch.descriptor(), descriptor, offset, min(left, STEP_BYTES))
            except BlockingIOError:
                await self.watch.until_writable()
                continue
            except OSError as error:
                if error.errno in _SOCKET_ERRORS or not self.watch.is_connection():
                    raise self.watch.gone() from error
                code = error.errno or errno.EIO
                raise SourceFailed(code, f"the file cannot be read: {error}", sent_bytes=sent_bytes) from error
            if sent == 0:
                raise SourceFailed(errno.EIO, f"the file ends {left} bytes too early", sent_bytes=sent_bytes)
            offset, left, sent_bytes = offset + sent, left - sent, sent_bytes + sent
            self._cycle.expected_content_length -= sent
            self.watch.writing(sent)
            self.watch.reported()
            if progress is not None:
                progress(sent)
            if left > 0:
                # Other connections get their turn; after the last byte there is nothing left to be fair about.
                await asyncio.sleep(0)

    async def _copy_in_thread(self, message: dict[str, Any], descriptor: int, offset: int, count: int) -> int:
        async with turns_of(message.get("disk", "")):
            loop = asyncio.get_running_loop()
            step = loop.run_in_executor(_cold, os.sendfile, self.watch.descriptor(), descriptor, offset, count)
            try:
                return await asyncio.shield(step)
            except asyncio.CancelledError:
                # The caller closes both descriptors next; the thread must not find others under their numbers.
                while not step.done():
                    try:
                        await asyncio.wait([step])
                    except asyncio.CancelledError:
                        continue
                raise

    async def _pass_on(self, message: dict[str, Any]) -> None:
        await self._cycle.send(message)  # type: ignore[arg-type]  # uvicorn checks the type at run time.

    def _reset_if_unfinished(self) -> None:
        if self._cycle.response_started and not self._cycle.response_complete:
            self.watch.reset()

    def _end(self, level: int, reason: str) -> None:
        if self._cycle.response_complete:
            return
        self._cycle.disconnected = True
        self.watch.reset(reason)
        # Without the query: it may hold a ticket.
        path = self._cycle.scope["raw_path"].decode("ascii")
        logger.log(level, "%s %s was cut short: %s", self._cycle.scope["method"], path, reason)
