"""Requests to foreign servers: to checked addresses only, redirects by our rules, bytes as they are."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cache

import attrs
import httpcore

from adapters.storage.http_hosts import AllowedHosts
from adapters.storage.http_urls import HTTPUrl, ReadableUrls
from application.errors import CopyChanged, CopyMisread, CopyMissing, LocationRefused, StorageUnavailable

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MISSING = frozenset({404, 410})
_LATER = frozenset({408, 425, 429})
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


class CheckedConnections(httpcore.AsyncNetworkBackend):
    """Resolves a name once and connects to an address that was checked, so that no second answer can mislead us."""

    def __init__(self, hosts: AllowedHosts) -> None:
        self._hosts = hosts
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is the library's.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("The name was not resolved in time.") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("The name cannot be resolved.") from error
        addresses = [str(place[4][0]) for place in found]
        checked = [a for a in addresses if self._hosts.may_connect(ipaddress.ip_address(a), port)]
        if not checked:
            raise LocationRefused(
                "The host has no public address. One that is not must be allowed itself (RS_DOWNLOADER_HTTP_HOSTS)."
            )
        *others, last = dict.fromkeys(checked)
        for address in others:
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


@attrs.frozen(kw_only=True)
class Behaviour:
    """How requests are made. The token goes to the base URL's own host only."""

    bearer_token: str = attrs.field(default="", repr=False)
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    most_redirects: int = 5
    connections: int = 1000


@attrs.define(eq=False)
class Answer:
    """A server's answer; its body is read as far as wanted."""

    status: int
    headers: dict[str, str]
    _response: httpcore.Response
    _body: AsyncIterator[bytes] | None = None

    async def next_bytes(self) -> bytes:
        """The next bytes of the body, as they were sent; empty at its end. Raises ``StorageUnavailable``."""
        if self._body is None:
            self._body = self._response.aiter_stream()
        try:
            async for data in self._body:
                if data:
                    return data
        except _FAILURES as error:
            raise _failed(error) from error
        return b""

    async def aclose(self) -> None:
        """Give the connection up."""
        try:
            await self._response.aclose()
        except _FAILURES:
            # It was to be given up anyway.
            return


@attrs.define(eq=False)
class Client:
    """Asks for one file at a time, each over a connection of its own: what a server sends too much spoils no other."""

    _urls: ReadableUrls
    _behaviour: Behaviour
    _pool: httpcore.AsyncConnectionPool | None = None

    async def get(self, url: HTTPUrl, headers: dict[str, str]) -> Answer:
        """The answer of a server that has the file: 200, 206 or 416; redirects are followed as far as allowed.

        Raises ``CopyMissing``, ``CopyChanged``, ``CopyMisread``, ``LocationRefused``, ``StorageUnavailable``.
        """
        for _ in range(self._behaviour.most_redirects + 1):
            answer = await self._ask("GET", url, headers)
            if answer.status in {200, 206, 416}:
                if answer.headers.get("content-encoding", "identity").lower() != "identity":
                    await answer.aclose()
                    raise CopyMisread(
                        "The server sends the file encoded, though it was asked for the bytes as they are."
                    )
                return answer
            await answer.aclose()
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                raise _refusal(answer.status)
            url = self._urls.redirected(url, answer.headers["location"])
        raise CopyMisread(f"The server redirected more than {self._behaviour.most_redirects} times.")

    async def is_answered(self, url: HTTPUrl) -> bool:
        """Whether a server is there that does not speak of its own failure. Raises ``StorageUnavailable``."""
        answer = await self._ask("HEAD", url, {})
        await answer.aclose()
        return answer.status < 500

    async def aclose(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _ask(self, method: str, url: HTTPUrl, headers: dict[str, str]) -> Answer:
        sent = {"Host": url.authority, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "rs-downloader"}
        if self._behaviour.bearer_token and self._urls.base is not None and url.origin == self._urls.base.origin:
            sent["Authorization"] = f"Bearer {self._behaviour.bearer_token}"
        seconds, reading = self._behaviour.connect_seconds, self._behaviour.read_seconds
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=url.scheme, host=url.host.strip("[]"), port=url.port, target=url.target),
            headers=list((sent | headers).items()),
            extensions={"timeout": {"connect": seconds, "pool": seconds, "read": reading, "write": reading}},
        )
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=_trust(),
                max_connections=self._behaviour.connections,
                max_keepalive_connections=0,
                network_backend=CheckedConnections(self._urls.hosts),
            )
        try:
            response = await self._pool.handle_async_request(request)
        except _FAILURES as error:
            raise _failed(error) from error
        return Answer(
            response.status,
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers},
            response,
        )


@cache
def _trust() -> ssl.SSLContext:
    """The usual authorities, and those that the operator has given to the machine."""
    context = httpcore.default_ssl_context()
    context.load_default_certs()
    return context


def _failed(error: Exception) -> StorageUnavailable:
    return StorageUnavailable(f"The server did not answer as it should ({type(error).__name__}).")


def _refusal(status: int) -> StorageUnavailable:
    if status in _MISSING:
        return CopyMissing("The server has no such file.")
    if status == 412:
        return CopyChanged("The file on the server is not the one that was registered.")
    # What the server says of itself concerns every file on it, anything else only this one.
    kind = StorageUnavailable if status >= 500 or status in _LATER else CopyMisread
    return kind(f"The server answered with status {status}.")
