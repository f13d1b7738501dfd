"""The adapter that asks other instances, against a server on a socket that answers with given bytes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import structlog

from adapters.downloaders.client import IDENTITY_LIFETIME, HttpDownloader
from adapters.security.tokens import JwtTokens
from application.ports.downloaders import DownloaderUnavailable, WantedFile
from domain.access import ANONYMOUS_EMAIL, Role
from domain.account import AccountKey
from domain.availability import Availability
from domain.preconditions import Conditions
from tests.factories import ALICE, TENANT
from tests.fakes.fixed_clock import FixedClock

pytestmark = pytest.mark.anyio

KEY = b"0123456789abcdef" * 4
WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nETag: "c1"\r\nServer: x\r\nDate: then\r\n\r\ncontent'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@attrs.define(eq=False)
class Instance:
    """Answers each request with the same bytes, then hangs up if it shall; ``requests`` are the heads it was sent."""

    answer: bytes
    hangs_up: bool = False
    requests: list[str] = attrs.field(factory=list)
    bodies: list[bytes] = attrs.field(factory=list)
    connections: int = 0
    is_left: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head.decode("latin-1"))
                _, _, length = head.lower().partition(b"content-length: ")
                self.bodies.append(await reader.readexactly(int(length.partition(b"\r\n")[0] or 0)))
                writer.write(self.answer)
                await writer.drain()
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.is_left.set()
        finally:
            writer.close()


@attrs.define(eq=False)
class World:
    """One instance, and who asks it."""

    url: str
    downloader: HttpDownloader
    clock: FixedClock

    async def ask(self, **more: object):
        given = {"account": ALICE, "checksum": "c1", "conditions": Conditions(), "is_head": False, "is_inline": False}
        return await self.downloader.ask(self.url, WantedFile(**(given | more)))

    async def body(self, **more: object) -> bytes:
        answer, data = await self.ask(**more), b""
        try:
            while piece := await answer.next_bytes():
                data += piece
        finally:
            await answer.aclose()
        return data


@asynccontextmanager
async def a_world(instance: Instance) -> AsyncIterator[World]:
    clock = FixedClock()
    downloader = HttpDownloader(JwtTokens(KEY, clock), clock, seconds=5)
    server = await asyncio.start_server(instance.serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield World(f"http://127.0.0.1:{port}/base", downloader, clock)
    finally:
        await downloader.aclose()
        server.close()
        await server.wait_closed()


@pytest.fixture
def _request_id() -> Iterator[None]:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        yield


async def test_an_answer_is_passed_on_without_what_concerns_one_connection_only():
    async with a_world(Instance(WHOLE)) as world:
        answer = await world.ask()
        data = await answer.next_bytes()
        end = await answer.next_bytes()
        await answer.aclose()

    assert (answer.status, data, end) == (200, b"content", b"")
    assert answer.fields == (("content-length", "7"), ("etag", '"c1"'))


@pytest.mark.usefixtures("_request_id")
async def test_the_request_has_the_clients_conditions_and_the_callers_name():
    instance = Instance(WHOLE)
    since = datetime(2026, 11, 21, 9, 0, 0, 5, tzinfo=UTC)
    conditions = Conditions(if_match='"a", "b"', if_unmodified_since=since, if_range='"c1"', range="bytes=1-2")
    async with a_world(instance) as world:
        await world.body(
            checksum="a b", conditions=conditions, is_inline=True, client="10.0.0.1 curl/8\x01\r\nX: y ", accept="a/b"
        )
        caller = JwtTokens(KEY, world.clock).verify(instance.requests[0].partition("Bearer ")[2].split()[0])

    first, *fields = instance.requests[0].splitlines()
    assert first == "GET /base/files/a%20b/download?isContentInline=true HTTP/1.1"
    assert set(fields) >= {
        'if-match: "a", "b"', "if-unmodified-since: Sat, 21 Nov 2026 09:00:00 GMT", 'if-range: "c1"',
        "range: bytes=1-2", "accept: a/b", "user-agent: 10.0.0.1 curl/8X: y", "accept-encoding: identity",
        "correlation-id: r-1",
    }  # fmt: skip
    assert (caller.tenant, caller.email, caller.role) == (ALICE.tenant, ALICE.email, Role.PROJECT_ADMIN)


async def test_an_identity_is_signed_once_for_many_requests_and_never_used_up_to_its_end():
    instance = Instance(WHOLE)
    async with a_world(instance) as world:
        await world.body()
        await world.body()
        await world.body(account=AccountKey.of_user(TENANT, ANONYMOUS_EMAIL))
        world.clock.advance(IDENTITY_LIFETIME / 2)
        await world.body()
        tokens = [request.partition("Bearer ")[2].split()[0] for request in instance.requests]
        world.clock.advance(IDENTITY_LIFETIME / 2 - timedelta(seconds=1))
        still = JwtTokens(KEY, world.clock).verify(tokens[3])

    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert still.email == ALICE.email
    assert instance.connections == 1, "a connection serves one request after the other"


async def test_a_ticket_speaks_for_itself():
    instance = Instance(WHOLE)
    async with a_world(instance) as world:
        await world.body(account=AccountKey.of_ticket(TENANT, "t1"), ticket="s&cret", is_head=False)

    assert instance.requests[0].startswith("GET /base/files/c1/download/token?t=s%26cret&scope=demo HTTP/1.1")
    assert "authorization" not in instance.requests[0].lower()


@pytest.mark.parametrize("sent", [WHOLE[:-2], WHOLE[:-7], b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"nonsense\r\n\r\n"])
async def test_what_ends_too_early_is_never_taken_for_complete(sent):
    async with a_world(Instance(sent, hangs_up=True)) as world:
        with pytest.raises(DownloaderUnavailable):
            await world.body()


async def test_an_instance_that_is_not_there_or_says_nothing_is_unavailable():
    async with a_world(Instance(b"")) as world:
        world.url = "http://127.0.0.1:1"
        with pytest.raises(DownloaderUnavailable):
            await world.ask()
        assert not await world.downloader.is_there(world.url)


async def test_an_answer_that_is_given_up_ends_the_transfer_on_the_other_side():
    instance = Instance(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nstart")
    async with a_world(instance) as world:
        answer = await world.ask()
        assert await answer.next_bytes() == b"start"
        await answer.aclose()
        async with asyncio.timeout(30):
            await instance.is_left.wait()


async def test_only_a_process_that_asks_who_is_calling_is_a_downloader():
    for status, is_there in ((b"401 Unauthorized", True), (b"404 Not Found", False), (b"200 OK", False)):
        async with a_world(Instance(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")) as world:
            assert await world.downloader.is_there(world.url) is is_there


async def test_availability_is_read_as_the_private_api_tells_it():
    body = (
        b'[{"checksum": "c1", "available": true, "state": "AVAILABLE", "expiration_date": "2026-11-24T10:00:00.5Z"},'
        b' {"checksum": "c2", "available": false, "state": "RESTORING"}]'
    )
    instance = Instance(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    async with a_world(instance) as world:
        found = await world.downloader.availability(world.url, TENANT, ["c1", "c2"])

    assert {name: said.state for name, said in found.items()} == {
        "c1": Availability.AVAILABLE, "c2": Availability.RESTORING,
    }  # fmt: skip
    assert found["c1"].until == datetime(2026, 11, 24, 10, 0, 0, 500000, tzinfo=UTC)
    assert "scope: demo" in instance.requests[0]
    assert instance.bodies == [b'{"checksums":["c1","c2"]}']


@pytest.mark.parametrize("body", [b"{}", b'[{"checksum": "c1", "state": "WELL"}]', b"\xff"])
async def test_an_answer_on_availability_that_cannot_be_read_is_none(body):
    instance = Instance(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    async with a_world(instance) as world:
        with pytest.raises(DownloaderUnavailable):
            await world.downloader.availability(world.url, TENANT, ["c1"])
