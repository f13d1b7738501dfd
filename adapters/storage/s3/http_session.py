"""The HTTP client under the S3 client: where it connects, and bounds on what it reads ahead of a slow reader."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import attrs
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from adapters.storage.http_hosts import AllowedHosts

BUFFER_BYTES = 16 * 1024
"""The client stops reading a connection when twice as much waits, and goes on when less than this does."""


class BoundedHTTPSession(AIOHTTPSession):  # type: ignore[misc]  # The client comes without types.
    """Asks for a small buffer with each request; the client's own configuration has no word for it.

    A test holds it to the bound, since ``_get_session`` is not among what the client promises.
    """

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _Bounded(await super()._get_session(proxy_url))


@attrs.frozen
class _Bounded:
    session: Any

    async def request(self, *arguments: Any, **more: Any) -> Any:
        return await self.session.request(*arguments, read_bufsize=BUFFER_BYTES, **more)


class CheckedResolver(AbstractResolver):
    """Names lead to public addresses, or to those that the operator has listed; what was checked is connected to."""

    def __init__(self, hosts: AllowedHosts) -> None:
        self._hosts = hosts
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        checked = [one for one in found if self._hosts.may_connect(ipaddress.ip_address(one["host"]), port)]
        if not checked:
            raise OSError(None, "The host has no public address, and its own is not in RS_DOWNLOADER_HTTP_HOSTS.")
        return checked

    async def close(self) -> None:
        await self._names.close()


def socket_factory(receive_bytes: int) -> Callable[[tuple[Any, ...]], socket.socket]:
    """Makes sockets whose buffer in the kernel, and so what one receive call brings, is bounded.

    What was received before the client stops reading is kept in memory; the default of event loops is 256 KB each time.
    """

    def new_socket(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        return made

    return new_socket
