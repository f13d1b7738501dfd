"""Connections to other instances: kept, the one that was used last first, and given up when anything is left unread.

The library has a pool, which looks at every connection for every request: with many that costs more than the request.
"""

import socket
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

import attrs
import httpcore
import structlog

from application.ports.downloaders import DownloaderUnavailable

RECEIVE_BUFFER_BYTES = 256 * 1024
"""What the kernel takes in ahead of us: it counts as delivered, although the client may never read it."""

KEPT_SECONDS = 10.0
"""How long an idle connection is kept: shorter than instances keep theirs, so that they never close one in use."""

CONNECT_SECONDS = 3.0

FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
_MAY_HAVE_BEEN_STALE = (httpcore.NetworkError, httpcore.RemoteProtocolError)

_log = structlog.get_logger("rs_downloader.downloaders")

Fields = Sequence[tuple[bytes, bytes]]


@attrs.define(eq=False)
class Reply:
    """An answer whose body is read as far as wanted. Must end in ``aclose``, which never raises."""

    status: int
    headers: Fields
    _response: httpcore.Response
    _connection: httpcore.AsyncHTTPConnection
    _kept: "Connections"
    _body: AsyncGenerator[bytes, None] | None = None
    _is_closed: bool = False

    async def next_bytes(self) -> bytes:
        """The next bytes of the body; empty at its end. Raises ``DownloaderUnavailable``."""
        if self._body is None:
            self._body = cast("AsyncGenerator[bytes, None]", self._response.aiter_stream())
        try:
            async for data in self._body:
                if data:
                    return data
        except FAILURES as error:
            raise failed(error) from error
        return b""

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._body is not None:
                await self._body.aclose()
            await self._response.aclose()
            await self._kept.give_back(self._connection)
        except FAILURES as error:
            # It was to be given up anyway.
            _log.debug("a connection ended badly", error=type(error).__name__)


@attrs.define(eq=False)
class Connections:
    """Connections to one instance. Any number: as many as there are requests at the same time."""

    _base_url: str
    _seconds: float
    _tls: ssl.SSLContext
    _idle: deque[httpcore.AsyncHTTPConnection] = attrs.field(factory=deque)
    _origin: httpcore.Origin = attrs.field(init=False)
    _host: bytes = attrs.field(init=False)
    _prefix: str = attrs.field(init=False)
    _timeouts: Mapping[str, float] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self._base_url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        self._origin = httpcore.Origin(parts.scheme.encode(), (parts.hostname or "").encode(), port)
        self._host, self._prefix = parts.netloc.encode(), parts.path
        seconds = self._seconds
        self._timeouts = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds, "pool": seconds}

    async def send(self, method: str, target: str, headers: Fields, content: bytes | None = None) -> Reply:
        """The head of the instance's answer; the request must be one that may be repeated.

        Raises ``DownloaderUnavailable``.
        """
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=self._origin.scheme,
                host=self._origin.host,
                port=self._origin.port,
                target=(self._prefix + target).encode("ascii"),
            ),
            headers=[(b"host", self._host), *headers],
            content=content,
            extensions={"timeout": self._timeouts},
        )
        while (kept := await self._take()) is not None:
            try:
                return await self._sent(kept, request)
            except _MAY_HAVE_BEEN_STALE:
                # The instance may have closed it a moment ago: that says nothing about the instance.
                continue
            except FAILURES as error:
                raise failed(error) from error
        try:
            return await self._sent(self._new(), request)
        except FAILURES as error:
            raise failed(error) from error

    async def give_back(self, connection: httpcore.AsyncHTTPConnection) -> None:
        """Keep a connection whose answer was read to its end; any other is closed by now."""
        if connection.is_idle():
            self._idle.append(connection)
        while self._idle and self._idle[0].has_expired():
            await self._idle.popleft().aclose()

    async def aclose(self) -> None:
        """Close what is kept."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _take(self) -> httpcore.AsyncHTTPConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _new(self) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            self._origin,
            ssl_context=self._tls,
            keepalive_expiry=KEPT_SECONDS,
            socket_options=[
                (socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES),
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            ],
        )

    async def _sent(self, connection: httpcore.AsyncHTTPConnection, request: httpcore.Request) -> Reply:
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            # Failed or cancelled: nobody else knows of this connection.
            await connection.aclose()
            raise
        headers = [(name.lower(), value) for name, value in response.headers]
        return Reply(response.status, headers, response, connection, self)


def failed(error: Exception) -> DownloaderUnavailable:
    """What whoever asked an instance is told of a failure of the library's."""
    return DownloaderUnavailable(f"A downloader did not answer as it should ({type(error).__name__}).")
