"""Who is let in at all: decided before anything is read, so that refusing costs next to nothing (DESIGN 13)."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import attrs

from adapters.http.cross_origin import cross_origin_headers, is_preflight
from adapters.http.errors import PROBLEM_JSON, Answer, problem
from adapters.http.health import PATHS
from adapters.http.problems import BY_STATUS, ERRORS
from application.errors import Overloaded

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

OVERLOADED, FULL, DRAINING = "overloaded", "full", "draining"

_HOST = re.compile(rb"[\w.~!$&'()*+,;=%:\[\]-]*", re.ASCII)
_DOWNLOAD = re.compile(r"/files/[^/]+/download(/[^/]+)?|/downloads/[^/]+/files/[^/]+(/[^/]+)?")
"""By checksum and by ticket, and the files of products; GET only, so that what is asked about them is none."""


def _refusal(detail: str, *, status: int = 503, ends_connection: bool) -> Answer:
    answer = problem(ERRORS[Overloaded] if status == ERRORS[Overloaded].status else BY_STATUS[status], detail)
    assert ("content-type", PROBLEM_JSON) in answer.headers
    if ends_connection:
        answer.headers.append(("connection", "close"))
    return answer


_ANSWERS = {
    OVERLOADED: _refusal("This instance has as many requests as it takes. Try again.", ends_connection=False),
    FULL: _refusal("This instance sends as many files as it takes. Try again.", ends_connection=False),
    DRAINING: _refusal("This instance is stopping. Try again: another one will answer.", ends_connection=True),
}
_WITHOUT_HOST = _refusal("An HTTP/1.1 request has one Host field.", status=400, ends_connection=True)


@attrs.define(eq=False)
class Gate:
    """ASGI middleware around the application.

    - At most ``max_requests`` are in progress, not counting the transfers among them, and no download begins while
      ``max_transfers`` run. What is too much gets 503 and Retry-After at once.
    - While draining no download begins, and every answer ends its connection, so that its client goes elsewhere.
    - Health and metrics always pass; so does a browser's question what a page may do, which nothing is read for.
    - A request that does not say for which host it is gets 400, as RFC 9112 section 3.2 demands.

    ``transfers`` tells how many run now. Downloads that are being decided count as requests, so that in one moment as
    many as these may begin beyond ``max_transfers``.
    """

    _app: ASGIApp
    _transfers: Callable[[], int]
    _max_requests: int
    _max_transfers: int
    is_draining: bool = False
    in_progress: int = 0
    refused: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(_ANSWERS, 0))

    @property
    def requests(self) -> int:
        """How many requests are in progress that are no transfers."""
        return max(0, self.in_progress - self._transfers())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _has_host(scope):
            await _send(send, scope, _WITHOUT_HOST)
            return
        if scope["type"] != "http" or scope["path"] in PATHS or is_preflight(scope["method"], scope["headers"]):
            await self._app(scope, receive, send)
            return
        if (reason := self._reason(scope)) is not None:
            self.refused[reason] += 1
            await _send(send, scope, _ANSWERS[reason])
            return
        self.in_progress += 1
        try:
            await self._app(scope, receive, self._ending(send) if self.is_draining else send)
        finally:
            self.in_progress -= 1

    def _reason(self, scope: Scope) -> str | None:
        begins_transfer = scope["method"] == "GET" and _DOWNLOAD.fullmatch(scope["path"]) is not None
        if self.is_draining and begins_transfer:
            return DRAINING
        if self.requests >= self._max_requests:
            return OVERLOADED
        if begins_transfer and self._transfers() >= self._max_transfers:
            return FULL
        return None

    def _ending(self, send: Send) -> Send:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        return send_last


def _has_host(scope: Scope) -> bool:
    if scope["http_version"] != "1.1":
        return True
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None


async def _send(send: Send, scope: Scope, answer: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers += cross_origin_headers(scope["headers"])
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})
