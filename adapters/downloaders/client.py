"""Asks other instances for files over their private API (contract-catalog section 1.3, steps 8 and 9)."""

import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote, urlencode

import attrs
import msgspec
import structlog
from cachetools import LRUCache

from adapters.downloaders.connections import Connections, Reply
from application.ports.clock import Clock
from application.ports.downloaders import Downloader, DownloaderUnavailable, RemoteAnswer, WantedFile
from application.ports.tokens import TokenIssuer
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.availability import Availability, CopyAvailability
from domain.preconditions import Conditions

IDENTITY_LIFETIME = timedelta(seconds=60)
"""How long a signed identity is valid. It is used for half of this, so that clocks may differ by the other half."""

_KEPT_IDENTITIES = 10_000
_LONGEST_REQUEST_ID = 128

_OF_THE_CONNECTION = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        # Of the process that sends, and put on anew by this one.
        b"server",
        b"date",
        b"correlation-id",
    }
)


class _FileStatus(msgspec.Struct):
    """What an instance says of a file (contract-downloader section 1.4); other members are not looked at."""

    checksum: str
    state: Availability
    expiration_date: datetime | None = None

    def said(self) -> CopyAvailability:
        return CopyAvailability(state=self.state, until=self.expiration_date)


@attrs.frozen
class HttpAnswer(RemoteAnswer):
    """An answer that is read piece by piece, as its reader asks."""

    status: int
    fields: tuple[tuple[str, str], ...]
    _reply: Reply

    async def next_bytes(self) -> bytes:
        return await self._reply.next_bytes()

    async def aclose(self) -> None:
        await self._reply.aclose()


class HttpDownloader(Downloader):
    """Speaks to instances that share this one's signing key. Close it with ``aclose``.

    The caller's identity is signed anew: the account's user with the role that the private API asks for, for a minute.
    """

    def __init__(self, issuer: TokenIssuer, clock: Clock, *, seconds: float) -> None:
        """``seconds``: how long an instance may take to answer, and to send the next bytes to who waits for them."""
        self._issuer = issuer
        self._clock = clock
        self._seconds = seconds
        self._identities: LRUCache[AccountKey, tuple[datetime, str]] = LRUCache(maxsize=_KEPT_IDENTITIES)
        self._connections: dict[str, Connections] = {}

    async def ask(self, instance: str, wanted: WantedFile) -> HttpAnswer:
        method = "HEAD" if wanted.is_head else "GET"
        reply = await self._to(instance).send(method, _target(wanted), self._fields(wanted))
        fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in reply.headers
            if name not in _OF_THE_CONNECTION
        )
        return HttpAnswer(reply.status, fields, reply)

    async def availability(
        self, instance: str, tenant: str, checksums: Sequence[str]
    ) -> Mapping[str, CopyAvailability]:
        content = msgspec.json.encode({"checksums": list(checksums)})
        fields = [
            # Which files are readable is told to everybody: no identity is needed.
            (b"scope", _sent(tenant)),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ]
        reply = await self._to(instance).send("POST", "/files/availability/status", fields, content)
        try:
            if not 200 <= reply.status < 300:
                raise DownloaderUnavailable(f"A downloader answered {reply.status} about availability.")
            body = b""
            while data := await reply.next_bytes():
                body += data
            return {file.checksum: file.said() for file in msgspec.json.decode(body, type=list[_FileStatus])}
        except (msgspec.DecodeError, ValueError) as error:
            raise DownloaderUnavailable("A downloader's answer on availability cannot be read.") from error
        finally:
            await reply.aclose()

    async def is_there(self, instance: str) -> bool:
        try:
            # Without an identity: a process that has no private API would not ask for one.
            reply = await self._to(instance).send("HEAD", "/files/0/download", [])
        except DownloaderUnavailable:
            return False
        await reply.aclose()
        return reply.status == HTTPStatus.UNAUTHORIZED

    async def aclose(self) -> None:
        """Close every connection."""
        for connections in self._connections.values():
            await connections.aclose()

    def _to(self, instance: str) -> Connections:
        if instance not in self._connections:
            self._connections[instance] = Connections(instance, self._seconds, self._tls)
        return self._connections[instance]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The authorities that the machine trusts."""
        return ssl.create_default_context()

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
