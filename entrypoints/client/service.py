"""A service as its user meets it: requests with their credentials, which leave for no other host."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import attrs
import httpx

from entrypoints.client import fetch
from entrypoints.client.actions import Pause
from entrypoints.client.answers import TRANSIENT
from entrypoints.client.fetch import Fetch, Policy
from entrypoints.client.heads import answer_of, json_object, reason_of

ACCEPTED = "application/problem+json, application/json;q=0.9, */*;q=0.8"
LARGEST_REFUSAL_BYTES = 64 * 1024
REPEATED = TRANSIENT - {202}
"""202 is how a service says that it has taken an order."""


TIMEOUT = httpx.Timeout(60.0, connect=15.0)


class ServiceRefused(Exception):
    """The service answered a request with something else than success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"HTTP {status}: {reason}")
        self.status = status


class LogInRefused(ServiceRefused):
    """The service did not take the name and the password."""


@attrs.frozen(kw_only=True)
class Credentials:
    """Who asks: a token, or a name and a password, or nobody. ``client`` is the program's own name and secret."""

    token: str | None = attrs.field(default=None, repr=False)
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    client: str | None = attrs.field(default=None, repr=False)

    @property
    def can_log_in(self) -> bool:
        """Whether a new token can be had."""
        return self.user is not None and self.password is not None


@attrs.frozen(kw_only=True)
class Patience:
    """How requests are repeated. ``pause``, ``jitter`` and ``now`` are fields so that tests need not wait."""

    policy: Policy
    pause: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    now: Callable[[], datetime]

    async def repeat(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """Send again after broken connections and when the server asks for it; else the answer, whatever it is.

        Only for requests that change nothing when they come twice.
        """
        state = Fetch()
        while True:
            try:
                response = await send()
            except httpx.TransportError as error:
                state, action = fetch.cut(state, 0, str(error), self.policy, jitter=self.jitter())
                if not isinstance(action, Pause):
                    raise
            else:
                if response.status_code not in REPEATED:
                    return response
                answer = answer_of(response, response.content, now=self.now())
                state, action = fetch.answered(state, answer, self.policy, jitter=self.jitter())
                if not isinstance(action, Pause):
                    return response
            await self.pause(action.seconds)


@attrs.define(eq=False)
class Service:
    """Requests to one service. Addresses on other hosts are asked without any credentials."""

    root: str
    tenant: str | None
    credentials: Credentials
    http: httpx.AsyncClient
    patience: Patience
    _token: str | None = attrs.field(init=False, repr=False)
    _logging_in: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _logins: int = 0

    def __attrs_post_init__(self) -> None:
        self.root = self.root.rstrip("/")
        self._token = self.credentials.token

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpx.Response]:
        """An answer whose body is still to be read, as it was sent."""
        sent = {"accept": ACCEPTED, "accept-encoding": "identity", **self._identity(url), **(headers or {})}
        async with self.http.stream("GET", url, headers=sent) as response:
            yield response

    async def patiently(self, method: str, path: str, body: object = None, **query: str) -> dict[str, Any]:
        """As ``json``, and again when the line breaks or the service is busy."""
        return _object(await self.patience.repeat(partial(self._send_known, method, path, body, query)))

    async def json(self, method: str, path: str, body: object = None, **query: str) -> dict[str, Any]:
        """A JSON object from the service, after one new log-in if the session has ended; a list comes as ``items``.

        Raises ``ServiceRefused``, and ``httpx.HTTPError`` when nothing comes back.
        """
        return _object(await self._send_known(method, path, body, query))

    async def log_in(self, *, before: int | None = None) -> bool:
        """A new session; ``False`` without a name and a password. Raises ``LogInRefused`` for wrong ones.

        Whoever asks with the count of log-ins ``before`` the refused request takes what others got meanwhile.
        """
        if not self.credentials.can_log_in:
            return False
        async with self._logging_in:
            if before is not None and before != self._logins:
                return True
            query = {} if self.tenant is None else {"scope": self.tenant}
            name, _, secret = (self.credentials.client or "").partition(":")
            send = partial(
                self.http.post,
                f"{self.root}/oauth/token",
                params=query,
                json={
                    "grant_type": "password",
                    "username": self.credentials.user,
                    "password": self.credentials.password,
                    **query,
                },
                headers={"accept": ACCEPTED},
                auth=httpx.BasicAuth(name, secret) if self.credentials.client else httpx.USE_CLIENT_DEFAULT,
            )
            response = await self.patience.repeat(send)
            token = json_object(response.content).get("access_token")
            if not response.is_success or not isinstance(token, str):
                raise LogInRefused(response.status_code, reason_of(response, response.content))
            self._token = token
            self._logins += 1
        return True

    @property
    def logins(self) -> int:
        """How often this session was opened."""
        return self._logins

    def owns(self, url: str) -> bool:
        """Whether an address is one of this service, so that it may see the credentials."""
        return _origin(url) == _origin(self.root)

    def file_url(self, urn: str, checksum: str) -> str:
        """Where a file of a product is downloaded."""
        return f"{self.root}/downloads/{quote(urn, safe='')}/files/{quote(checksum, safe='')}"

    async def _send_known(self, method: str, path: str, body: object, query: Mapping[str, str]) -> httpx.Response:
        """With a session that has not ended, if one can be had."""
        before = self._logins
        response = await self._send(method, self.root + path, body, query)
        if response.status_code == 401 and await self.log_in(before=before):
            response = await self._send(method, self.root + path, body, query)
        return response

    async def _send(self, method: str, url: str, body: object, query: Mapping[str, str]) -> httpx.Response:
        headers = {"accept": ACCEPTED, **self._identity(url)}
        return await self.http.request(method, url, params=query or None, headers=headers, json=body)

    def _identity(self, url: str) -> dict[str, str]:
        if not self.owns(url):
            return {}
        if self._token is not None:
            return {"authorization": f"Bearer {self._token}"}
        return {} if self.tenant is None else {"scope": self.tenant}


def _object(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise ServiceRefused(response.status_code, reason_of(response, response.content))
    return json_object(response.content)


def _origin(url: str) -> tuple[str, str, int | None]:
    found = httpx.URL(url)
    port = found.port or {"http": 80, "https": 443}.get(found.scheme)
    return found.scheme, found.host, port
