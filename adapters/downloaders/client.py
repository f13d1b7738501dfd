"""Asks other instances for files over their private API (contract-catalog section 1.3, steps 8 and 9)."""

import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import cast
from urllib.parse import quote, urlencode

import attrs
import httpx
import msgspec
import structlog
from cachetools import LRUCache

from application.ports.clock import Clock
from application.ports.downloaders import Downloader, DownloaderUnavailable, RemoteAnswer, WantedFile
from application.ports.tokens import TokenIssuer
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.availability import Availability, CopyAvailability
from domain.preconditions import Conditions

IDENTITY_LIFETIME = timedelta(seconds=60)
"""How long a signed identity is valid. It is used for half of this, so that clocks may differ by the other half."""

RECEIVE_BUFFER_BYTES = 256 * 1024
"""What the kernel takes in ahead of us: it counts as delivered, although the client may never read it."""

KEPT_SECONDS = 10.0
"""How long an idle connection is kept: shorter than instances keep theirs, so that they never close one in use."""

CONNECT_SECONDS = 3.0
_KEPT_IDENTITIES = 10_000
_LONGEST_REQUEST_ID = 128

_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # Of the process that sends, and put on anew by this one.
        "server",
        "date",
        "correlation-id",
    }
)


class _FileStatus(msgspec.Struct):
    """What an instance says of a file (contract-downloader section 1.4); other members are not looked at."""

    checksum: str
    state: Availability
    expiration_date: datetime | None = None

    def said(self) -> CopyAvailability:
        return CopyAvailability(state=self.state, until=self.expiration_date)


_log = structlog.get_logger("rs_downloader.downloaders")


@attrs.define(eq=False)
class HttpAnswer(RemoteAnswer):
    """An answer that is read piece by piece, as its reader asks."""

    status: int
    fields: tuple[tuple[str, str], ...]
    _response: httpx.Response
    _body: AsyncGenerator[bytes, None] | None = None

    async def next_bytes(self) -> bytes:
        if self._body is None:
            self._body = cast("AsyncGenerator[bytes, None]", self._response.aiter_raw())
        try:
            async for data in self._body:
                if data:
                    return data
        except httpx.HTTPError as error:
            raise _failed(error) from error
        return b""

    async def aclose(self) -> None:
        try:
            if self._body is not None:
                await self._body.aclose()
            await self._response.aclose()
        except httpx.HTTPError as error:
            # It was to be given up anyway.
            _log.debug("a connection ended badly", error=type(error).__name__)


class HttpDownloader(Downloader):
    """Speaks to instances that share this one's signing key. Close it with ``aclose``.

    The caller's identity is signed anew: the account's user with the role that the private API asks for, for a minute.
    """

    def __init__(self, issuer: TokenIssuer, clock: Clock, *, seconds: float) -> None:
        """``seconds``: how long an instance may take to answer, and to send the next bytes to who waits for them."""
        self._issuer = issuer
        self._clock = clock
        self._timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        self._identities: LRUCache[AccountKey, tuple[datetime, str]] = LRUCache(maxsize=_KEPT_IDENTITIES)
        self._client: httpx.AsyncClient | None = None

    async def ask(self, instance: str, wanted: WantedFile) -> HttpAnswer:
        request = self._http.build_request(
            "HEAD" if wanted.is_head else "GET",
            instance + _target(wanted),
            headers=self._fields(wanted),
        )
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
        except httpx.HTTPError as error:
            raise _failed(error) from error
        received = [(name.decode("latin-1").lower(), value) for name, value in response.headers.raw]
        fields = tuple((name, value.decode("latin-1")) for name, value in received if name not in _OF_THE_CONNECTION)
        return HttpAnswer(response.status_code, fields, response)

    async def availability(
        self, instance: str, tenant: str, checksums: Sequence[str]
    ) -> Mapping[str, CopyAvailability]:
        try:
            # Which files are readable is told to everybody: no identity is needed.
            answer = await self._http.post(
                f"{instance}/files/availability/status", json={"checksums": list(checksums)}, headers={"scope": tenant}
            )
            answer.raise_for_status()
            return {file.checksum: file.said() for file in msgspec.json.decode(answer.content, type=list[_FileStatus])}
        except httpx.HTTPError as error:
            raise _failed(error) from error
        except (msgspec.DecodeError, ValueError) as error:
            raise DownloaderUnavailable("A downloader's answer on availability cannot be read.") from error

    async def is_there(self, instance: str) -> bool:
        try:
            # Without an identity: a process that has no private API would not ask for one.
            answer = await self._http.head(f"{instance}/files/0/download", timeout=CONNECT_SECONDS)
        except httpx.HTTPError:
            return False
        return answer.status_code == HTTPStatus.UNAUTHORIZED

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    limits=httpx.Limits(max_connections=None, keepalive_expiry=KEPT_SECONDS),
                    socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)],
                ),
                timeout=self._timeout,
                # Neither a proxy of the environment nor a password file has a say between our own processes.
                trust_env=False,
            )
        return self._client

    def _fields(self, wanted: WantedFile) -> list[tuple[bytes, bytes]]:
        """Bytes as they are, on the conditions of the client, by whoever they are charged to."""
        found = {
            "accept-encoding": "identity",
            "accept": wanted.accept,
            "user-agent": wanted.client or "rs-downloader",
            "correlation-id": _request_id(),
            **_conditions(wanted.conditions),
        }
        if wanted.ticket is None:
            found["authorization"] = f"Bearer {self._identity(wanted.account)}"
        return [(name.encode(), _sent(value)) for name, value in found.items() if value]

    def _identity(self, account: AccountKey) -> str:
        now = self._clock.now()
        until, token = self._identities.get(account, (now, ""))
        if until <= now:
            token = self._issuer.issue(Caller(account.tenant, account.email, Role.PROJECT_ADMIN), IDENTITY_LIFETIME)
            self._identities[account] = now + IDENTITY_LIFETIME / 2, token
        return token


def _target(wanted: WantedFile) -> str:
    query = {"isContentInline": "true"} if wanted.is_inline else {}
    path = f"/files/{quote(wanted.checksum, safe='')}/download"
    if wanted.ticket is not None:
        path += "/token"
        query |= {"t": wanted.ticket, "scope": wanted.account.tenant}
    return f"{path}?{urlencode(query)}" if query else path


def _conditions(conditions: Conditions) -> dict[str, str]:
    since, until, if_range = conditions.if_modified_since, conditions.if_unmodified_since, conditions.if_range
    return {
        "if-match": conditions.if_match or "",
        "if-none-match": conditions.if_none_match or "",
        "if-modified-since": "" if since is None else _http_date(since),
        "if-unmodified-since": "" if until is None else _http_date(until),
        "if-range": _http_date(if_range) if isinstance(if_range, datetime) else if_range or "",
        "range": conditions.range or "",
    }


def _sent(value: str) -> bytes:
    """A client's words as they came, but for what no field may hold: it would be our request that is refused."""
    return "".join(c for c in value if c.isprintable()).strip().encode("latin-1", "replace")


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _request_id() -> str:
    """That of the request at hand, so that the logs of both processes speak of the same one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:_LONGEST_REQUEST_ID]


def _failed(error: httpx.HTTPError) -> DownloaderUnavailable:
    return DownloaderUnavailable(f"A downloader did not answer as it should ({type(error).__name__}).")
