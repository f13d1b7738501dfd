"""A request id for every request, and one log line when it has ended."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import attrs
import structlog

from application.ports.clock import Clock
from application.ports.identifiers import IdSource

REQUEST_ID_HEADER = b"correlation-id"
"""The name that the services in front of us use."""

_ACCEPTABLE = re.compile(rb"[\w.:-]{1,128}")
"""Anything else could forge log lines or header fields, and is replaced."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.get_logger("rs_downloader.requests")


@attrs.frozen
class RequestLog:
    """ASGI middleware around the whole application.

    The caller's ``correlation-id`` is taken over or a new one made; it is bound to every log line of the request and
    sent back. The query string is never logged: tickets travel in it.
    """

    app: ASGIApp
    ids: IdSource
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope) or self.ids.new_id().encode()
        started, status = self.clock.monotonic(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID_HEADER, request_id)]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id.decode()):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                _log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    client=(scope.get("client") or ("",))[0],
                    seconds=round(self.clock.monotonic() - started, 4),
                )


def _request_id(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER and _ACCEPTABLE.fullmatch(value):
            return bytes(value)
    return None
