"""ministack with a clock that tests move, so that objects are restored and expire when a test says so.

Run by the interpreter of the tools (``tests.tools``), which has ministack; nothing here is imported by tests.
"""

import time
from email.utils import formatdate
from types import SimpleNamespace

from ministack.app import app as ministack
from ministack.services import s3

RESTORING_SECONDS = 3600.0
"""How long a restoration takes, by the server's clock."""

_passed = 0.0


def _now():
    return time.time() + _passed


s3.time = SimpleNamespace(**{**vars(time), "time": _now})
s3._RESTORE_DELAY_SECONDS = RESTORING_SECONDS


async def app(scope, receive, send):
    """``POST /_test/pass/<seconds>`` moves the clock; everything else is ministack's, with a date of that clock."""
    global _passed  # noqa: PLW0603 - one clock for one process

    async def send_dated(message):
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name.lower() != b"date"]
            message["headers"] = [*headers, (b"date", formatdate(_now(), usegmt=True).encode())]
        await send(message)

    before, found, seconds = scope.get("path", "").partition("/_test/pass/")
    if not found or before:
        await ministack(scope, receive, send_dated if scope["type"] == "http" else send)
        return
    _passed += float(seconds)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
