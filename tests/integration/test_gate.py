"""The gate: who is let in before anything is read."""

import asyncio

import msgspec
import pytest

from adapters.http.gate import Gate
from tests.e2e.service import Service

pytestmark = pytest.mark.anyio


class Waiting:
    """An application whose answers wait until they are let go."""

    def __init__(self):
        self.go = asyncio.Event()
        self.asked = 0

    async def __call__(self, scope, receive, send):
        self.asked += 1
        if scope["path"].startswith("/slow"):
            await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-from", b"app")]})
        await send({"type": "http.response.body", "body": b""})


HOST = (b"host", b"archive.example.org:8080")


async def ask(gate, path="/quota", method="GET", headers=(HOST,), version="1.1"):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "http_version": version, "headers": list(headers)}
    await gate(scope, None, send)
    head, body = sent
    return head["status"], {name.decode(): value.decode() for name, value in head["headers"]}, body.get("body", b"")


def gate_of(app, transfers=0, max_requests=2, max_transfers=3):
    return Gate(app, lambda: transfers, max_requests, max_transfers)


async def test_what_is_too_much_is_refused_at_once_and_the_rest_goes_on():
    app = Waiting()
    gate = gate_of(app)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(ask(gate, "/slow")) for _ in range(2)]
        await asyncio.sleep(0)
        status, headers, body = await ask(gate)
        app.go.set()

    problem = msgspec.json.decode(body)
    assert (status, headers["retry-after"], headers["content-type"]) == (503, "2", "application/problem+json")
    assert (problem["type"], problem["messages"]) == ("/problems/overloaded", [problem["detail"]])
    assert [task.result()[0] for task in running] == [200, 200]
    assert app.asked == 2
    assert gate.refused == {"overloaded": 1, "full": 0, "draining": 0}
    assert (await ask(gate))[0] == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
async def test_health_is_answered_whatever_happens(path):
    gate = gate_of(Waiting(), max_requests=0, max_transfers=0)
    gate.is_draining = True

    assert (await ask(gate, path))[0] == 200


async def test_running_transfers_do_not_count_as_requests():
    app = Waiting()
    gate = gate_of(app, transfers=2)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(ask(gate, "/slow"))
        await asyncio.sleep(0)
        status, _, _ = await ask(gate)
        app.go.set()

    assert status == 200


DOWNLOADS = [
    "/files/c1/download",
    "/files/c1/download/name.dat",
    "/files/c1/download/token",
    "/downloads/URN:AIP:DATA:demo:1:V1/files/c1",
    "/downloads/URN:AIP:DATA:demo:1:V1/files/c1/scene.tif",
]


@pytest.mark.parametrize("path", DOWNLOADS)
async def test_no_download_begins_while_as_many_as_allowed_run(path):
    gate = gate_of(Waiting(), transfers=3)

    assert (await ask(gate, path))[0] == 503
    assert (await ask(gate, path, "HEAD"))[0] == 200
    assert (await ask(gate, "/files/c1"))[0] == 200
    assert (await ask(gate, "/downloads/plan", "POST"))[0] == 200
    assert (await ask(gate, "/downloads/URN:AIP:DATA:demo:1:V1/metalink"))[0] == 200


@pytest.mark.parametrize("path", DOWNLOADS)
async def test_no_download_begins_while_draining(path):
    gate = gate_of(Waiting())
    gate.is_draining = True

    status, headers, _ = await ask(gate, path)

    assert (status, headers["retry-after"], headers["connection"]) == (503, "2", "close")


async def test_everything_else_is_answered_while_draining_but_ends_its_connection():
    gate = gate_of(Waiting())
    gate.is_draining = True

    status, headers, _ = await ask(gate, "/quota", "PUT")

    assert (status, headers) == (200, {"x-from": "app", "connection": "close"})


HOSTS = {
    "none": [],
    "two": [HOST, HOST],
    "a path": [(b"host", b"a/b")],
    "a user": [(b"host", b"me@a")],
    "a blank": [(b"host", b"a b")],
    "no ascii": [(b"host", "é".encode())],
}


@pytest.mark.parametrize("headers", HOSTS.values(), ids=HOSTS.keys())
@pytest.mark.parametrize("path", ["/quota", "/health/live"])
async def test_a_request_without_a_host_is_refused(headers, path):
    app = Waiting()

    status, answered, body = await ask(gate_of(app), path, headers=headers)

    assert (status, answered["connection"]) == (400, "close")
    assert msgspec.json.decode(body)["type"] == "/problems/bad-request"
    assert app.asked == 0


@pytest.mark.parametrize("host", [b"", b"a", b"a.b:80", b"[::1]:8080", b"a%20b", b"127.0.0.1"])
async def test_any_host_will_do(host):
    assert (await ask(gate_of(Waiting()), headers=[(b"host", host)]))[0] == 200


@pytest.mark.parametrize("version", ["1.0", "2"])
async def test_other_versions_of_http_need_no_host_field(version):
    assert (await ask(gate_of(Waiting()), headers=[], version=version))[0] == 200


ORIGIN = (b"origin", b"https://portal.example.org")


@pytest.mark.parametrize("more", [[], [(b"cookie", b"a=b")]], ids=["without cookies", "with cookies"])
async def test_pages_of_other_origins_may_read_a_refusal_like_any_answer(more):
    """The framework is the reference: its answers and those of the gate have the same fields."""
    asked = [HOST, ORIGIN, *more]
    app = Service().app()

    _, usual, _ = await ask(Gate(app, lambda: 0, 1, 1), "/nowhere", headers=asked)
    status, refused, _ = await ask(Gate(app, lambda: 0, 0, 0), "/nowhere", headers=asked)
    _, unasked, _ = await ask(Gate(app, lambda: 0, 0, 0), "/nowhere")

    def about_origins(headers):
        return {name: value for name, value in headers.items() if name.startswith("access-control-") or name == "vary"}

    assert status == 503
    assert "retry-after" in refused["access-control-expose-headers"]
    assert about_origins(refused) == about_origins(usual) != {}
    assert about_origins(unasked) == {}


async def test_a_browser_may_always_ask_what_a_page_may_do():
    question = [HOST, ORIGIN, (b"access-control-request-method", b"PUT")]

    assert (await ask(gate_of(Waiting(), max_requests=0), method="OPTIONS", headers=question))[0] == 200
    assert (await ask(gate_of(Waiting(), max_requests=0), method="OPTIONS"))[0] == 503
