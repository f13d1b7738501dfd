"""Waiting for a client, and noticing that it is gone or that it takes nothing."""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from adapters.http.connection_socket import ConnectionSocket
from adapters.http.response_errors import ClientDisconnected

WRITE_BUFFER_BYTES = 128 * 1024
"""What a transport may hold of short responses, which are written without waiting, several in one system call."""


class ConnectionWatch:
    """The client's side of one response: is there room, is it alive, how much of the body does it have."""

    def __init__(self, cycle: RequestResponseCycle, *, stall_timeout: float) -> None:
        self._cycle = cycle
        self._stall_timeout = stall_timeout
        self._loop = asyncio.get_running_loop()
        self._socket: ConnectionSocket | None = None
        self._is_measured = False
        self._accepted_before_body: int | None = None
        self._written_bytes = 0
        self._reported_bytes = 0
        self._waiter: asyncio.Future[bool] | None = None
        self._is_lost = False
        self._reason = "the client closed the connection"

    def begin_body(self) -> None:
        """A body in several messages begins: from here on it is known how much of it the client has.

        The transport, too, makes everybody wait until the kernel has taken all it holds.
        """
        if self._is_measured or self._is_lost:
            return
        self._is_measured = True
        self._cycle.transport.set_write_buffer_limits(high=0)
        socket = self._open_socket()
        scope = self._cycle.scope
        is_body_as_sent = scope["scheme"] == "http" and scope["method"] != "HEAD" and not self._cycle.chunked_encoding
        accepted = socket.accepted_bytes() if is_body_as_sent else None
        if accepted is not None:
            self._accepted_before_body = accepted + self._cycle.transport.get_write_buffer_size()

    def end_body(self) -> None:
        """The last byte has left."""
        if not self._cycle.transport.is_closing():
            self._cycle.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def descriptor(self) -> int:
        """Descriptor of the connection. Only between ``begin_body`` and ``close``."""
        return self._open_socket().fileno()

    def writing(self, count: int) -> None:
        """``count`` body bytes are handed to the connection next."""
        if self._cycle.scope["method"] != "HEAD":
            self._written_bytes += count

    def reported(self) -> None:
        """The app is told that all of them are handed over."""
        self._reported_bytes = self._written_bytes

    def has_everything(self) -> bool:
        """Whether the client's kernel has acknowledged every byte that was written."""
        return self._acknowledged_body_bytes() == self._written_bytes

    def raise_if_gone(self) -> None:
        """Raise ``ClientDisconnected`` when nothing can be sent any more."""
        if self._is_lost or self._cycle.disconnected or self._cycle.transport.is_closing():
            raise self.gone()

    def gone(self) -> ClientDisconnected:
        """The error for the app; from here on uvicorn, too, takes the response for ended."""
        self._cycle.disconnected = True
        acknowledged = self._acknowledged_body_bytes()
        has = self._written_bytes if acknowledged is None else acknowledged
        return ClientDisconnected(self._reason, unacknowledged_bytes=self._reported_bytes - has)

    def is_connection(self) -> bool:
        """Whether the connection still exists."""
        return not self._is_lost and self._open_socket().is_connected()

    async def until_room(self) -> None:
        """Wait until the transport takes another message; in a body of several, until the kernel has the last one.

        Raises ``ClientDisconnected``.
        """
        self.raise_if_gone()
        while self._cycle.flow.write_paused:
            await self._until_woken()
            self.raise_if_gone()

    async def until_writable(self) -> None:
        """Wait until the kernel takes more. Raises ``ClientDisconnected``."""
        self.raise_if_gone()
        descriptor = self.descriptor()
        self._loop.add_writer(descriptor, self.wake)
        try:
            await self._until_woken()
        finally:
            self._loop.remove_writer(descriptor)
        self.raise_if_gone()

    def wake(self) -> None:
        """Something may have changed: look again."""
        self._end_wait(False)

    def lost(self) -> None:
        """The transport is done with its socket."""
        self._is_lost = True
        self.wake()

    def reset(self, reason: str | None = None) -> None:
        """Cut the connection; a waiting, or the next, ``send`` raises ``ClientDisconnected`` with this reason."""
        if reason is not None and not self._is_lost:
            self._reason = reason
        if self._socket is not None or not self._is_lost:
            self._open_socket().reset_on_close()
        if not self._is_lost:
            self._cycle.transport.abort()
        self.wake()

    def close(self) -> None:
        """Release what is held; a connection that was reset disappears now."""
        self._is_lost = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _until_woken(self) -> None:
        socket = self._open_socket()
        acknowledged = socket.acknowledged_bytes()
        while await self._wait_once():
            # A client that drains its queue slowly is alive, though our kernel had no room for more in all this time.
            if acknowledged == (acknowledged := socket.acknowledged_bytes()):
                self.reset(f"the client took nothing for {self._stall_timeout:g} s (stalled)")
                raise self.gone()

    async def _wait_once(self) -> bool:
        """Whether time ran out before anything woke us."""
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(self._stall_timeout, self._end_wait, True)
        try:
            return await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _end_wait(self, timed_out: bool) -> None:  # noqa: FBT001  # call_later passes positional arguments only.
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(timed_out)

    def _open_socket(self) -> ConnectionSocket:
        if self._socket is None:
            assert not self._is_lost, "the descriptor number may belong to another connection by now"
            self._socket = ConnectionSocket(self._cycle.transport)
        return self._socket

    def _acknowledged_body_bytes(self) -> int | None:
        if self._socket is None or self._accepted_before_body is None:
            return None
        acknowledged = self._socket.acknowledged_bytes()
        if acknowledged is None:
            return None
        return min(max(acknowledged - self._accepted_before_body, 0), self._written_bytes)
