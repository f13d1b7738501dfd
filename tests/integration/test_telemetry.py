"""Logs: one line per event, a request id on each, and no secret in any."""

import asyncio
import io
import json
import logging

import pytest
import structlog

from adapters.telemetry import logs
from adapters.telemetry.requests import RequestLog
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.ids import SequentialIds

TOKEN = "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"

A_LINE_WITH_SECRETS = f"GET /x?t=hush&scope=demo with Bearer {TOKEN}"


@pytest.fixture
def log_lines():
    """Logging is process-wide state, so it is put back."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(level="info", as_json=True, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def a_request(**headers):
    return {
        "type": "http",
        "method": "GET",
        "path": "/files/abc/download/token",
        "query_string": b"t=hush&username=somebody&scope=demo",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 4000),
    }


async def an_app(scope, receive, send):
    structlog.get_logger("app").warning("inside")
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def answered(scope):
    sent = []

    async def send(message):
        sent.append(message)

    app = RequestLog(an_app, SequentialIds(), FixedClock())
    asyncio.run(app(scope, None, send))
    return dict(sent[0]["headers"])[b"correlation-id"].decode()


def test_the_callers_request_id_is_on_every_line_and_sent_back(log_lines):
    assert answered(a_request(correlation_id="abc-1")) == "abc-1"

    inside, request = log_lines()
    assert inside["request_id"] == request["request_id"] == "abc-1"
    assert (request["method"], request["status"], request["level"]) == ("GET", 204, "info")


def test_a_request_without_a_usable_id_gets_a_fresh_one(log_lines):
    fresh = answered(a_request())
    forged = answered(a_request(correlation_id='x" level="error'))

    assert fresh
    assert forged
    assert "error" not in forged


def test_the_query_string_is_not_logged(log_lines):
    answered(a_request())

    logged = json.dumps(log_lines())
    assert "/files/abc/download/token" in logged
    assert "hush" not in logged
    assert "somebody" not in logged, "not even what looks harmless: nobody knows what will travel there"


def test_secrets_are_masked_by_name_and_by_shape_also_in_tracebacks(log_lines):
    log = structlog.get_logger("app")
    log.info("named", token="hush", jwt_secret="hush", Authorization="hush")
    log.info(A_LINE_WITH_SECRETS)
    logging.getLogger("other.library").warning("connecting to postgresql://user:hush@host/db with %s", TOKEN)
    try:
        raise ValueError(TOKEN)
    except ValueError:
        log.exception("failed")

    lines = log_lines()
    text = json.dumps(lines)
    assert len(lines) == 4
    assert "hush" not in text
    assert TOKEN not in text
    assert "postgresql://user:***@host/db" in text
    assert "ValueError: ***" in lines[3]["exception"]


def test_less_severe_lines_than_the_level_are_dropped(log_lines):
    structlog.get_logger("app").debug("detail")
    logging.getLogger("app").debug("detail")

    assert log_lines() == []


def test_people_get_readable_lines(log_lines):
    stream = io.StringIO()
    logs.configure(level="info", as_json=False, stream=stream)
    structlog.get_logger("app").info("hello", count=3)

    assert "hello" in stream.getvalue()
    assert "count=3" in stream.getvalue()
