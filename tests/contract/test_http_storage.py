"""Files of other servers: the storage contract over a real server, and what a server must not get away with."""

import asyncio
import gzip
from collections.abc import Iterator

import attrs
import pytest

from adapters.storage.conformance import DATA, PluginContract, StorageContract, read_all
from adapters.storage.http_source import HTTPSource
from adapters.storage.http_storage import HTTPParameters, HTTPPlugin, HTTPStorage
from adapters.storage.plugin import PluginEnvironment
from application.errors import CopyChanged, CopyMisread, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, Storage
from domain.errors import InvalidValue
from domain.file import FileLocation
from tests import factories
from tests.contract.scripted_http_server import Page, ScriptedServer, scripted_server

pytestmark = pytest.mark.anyio

HERE = ("127.0.0.1:*",)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


def a_storage(hosts: tuple[str, ...] = HERE, **parameters: object) -> HTTPStorage:
    return HTTPStorage.of(HTTPParameters(**parameters), hosts)


@attrs.define
class HTTPBench:
    server: ScriptedServer
    page: Page
    storage: Storage = attrs.field(factory=a_storage)
    puts: int = 0

    def put(self, name: str, data: bytes) -> str:
        self.puts += 1
        tag, date = self.page.tag and f'"{self.puts}"', self.page.date and f"date {self.puts}"
        self.server.pages[f"/{name}"] = attrs.evolve(self.page, data=data, tag=tag, date=date)
        return self.server.url(f"/{name}")

    def remove(self, name: str) -> None:
        del self.server.pages[f"/{name}"]

    def foreign_urls(self) -> list[str]:
        port = self.server.port
        return [
            f"http://localhost:{port}/a.dat",
            f"http://127.0.0.2:{port}/a.dat",
            f"http://[::1]:{port}/a.dat",
            f"http://user:word@127.0.0.1:{port}/a.dat",
            f"http://example.org@127.0.0.1:{port}/a.dat",
            f"http://2130706433:{port}/a.dat",
            f"http://0x7f.1:{port}/a.dat",
            f"http://127.1:{port}/a.dat",
            f"ftp://127.0.0.1:{port}/a.dat",
            f"//127.0.0.1:{port}/a.dat",
            f"http://127.0.0.1:{port}/a/../a.dat",
            f"http://127.0.0.1:{port}/%2e%2e/a.dat",
            f"http://127.0.0.1:{port}/%252e%252e%252fa.dat",
            f"http://127.0.0.1:{port}/a.dat#part",
            f"http://127.0.0.1:{port}/a\r\nHost: b",
            f"http://127.0.0.1:{port}/\u00fc",
            "http://127.0.0.1:99999/a.dat",
            "file:///etc/passwd",
            "",
        ]


@pytest.fixture(
    params=[
        Page(),
        Page(ranges=False),
        Page(conditions=False),
        Page(tag=None, date="x"),
        Page(tag=None, date="x", conditions=False, ranges=False),
    ],
    ids=["ranges", "whole-only", "no-conditions", "dates", "plain"],
)
def page(request: pytest.FixtureRequest) -> Page:
    return request.param


class TestHTTPPlugin(PluginContract):
    plugin_id = "HTTP"


class TestHTTPStorage(StorageContract):
    @pytest.fixture
    def bench(self, server: ScriptedServer, page: Page) -> HTTPBench:
        return HTTPBench(server, page)


async def opened(server: ScriptedServer, page: Page, **parameters: object) -> ByteSource:
    server.pages["/a"] = page
    storage = a_storage(**parameters)
    source = await storage.open(at(server.url("/a")), len(page.data))
    assert isinstance(source, HTTPSource)
    source._pause_seconds = 0
    return source


def at(url: str) -> FileLocation:
    return factories.a_location(url=url, version=None)


async def test_a_whole_file_is_one_request_and_one_look(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA))

    assert await read_all(source, 0, len(DATA)) == DATA
    await source.check_unchanged()
    await source.aclose()

    assert [headers.get("Range") for _, _, headers in server.asked] == ["bytes=0-", "bytes=0-0"]
    assert {headers["Accept-Encoding"] for _, _, headers in server.asked} == {"identity"}


async def test_an_answer_that_breaks_is_continued_where_it_broke(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, cuts=[1000, 2000, 50_000]))

    assert await read_all(source, 0, len(DATA)) == DATA
    assert len(server.asked) == 4
    await source.aclose()


async def test_an_answer_that_breaks_again_and_again_is_given_up(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, cuts=[0] * 20))

    with pytest.raises(StorageUnavailable):
        await source.read(0, 10)
    await source.aclose()


async def test_without_ranges_a_broken_answer_is_an_error(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, ranges=False, cuts=[1000]))

    with pytest.raises(StorageUnavailable):
        await read_all(source, 0, len(DATA))
    await source.aclose()


@pytest.mark.parametrize("conditions", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
async def test_a_file_replaced_between_two_ranges_is_never_mixed(
    server: ScriptedServer, conditions: bool, ranges: bool
) -> None:
    page = Page(data=DATA, conditions=conditions, ranges=ranges)
    source = await opened(server, page)
    await source.read(0, 10)
    page.data, page.tag = DATA[::-1], '"2"'

    with pytest.raises(CopyChanged):
        await source.check_unchanged()
    await source._release()
    with pytest.raises(CopyChanged):
        await source.read(200_000, 10)
    await source.aclose()


async def test_a_file_replaced_by_a_longer_one_is_noticed_without_any_identity(server: ScriptedServer) -> None:
    page = Page(data=DATA, tag=None)
    source = await opened(server, page)
    page.data = DATA + b"x"
    await source._release()

    with pytest.raises(CopyChanged):
        await source.read(0, 10)
    await source.aclose()


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (Page(data=DATA, promised=10), CopyMisread),
        (Page(data=DATA, total=len(DATA) + 1), CopyChanged),
        (Page(data=DATA, total=10), CopyMisread),
        (Page(data=DATA, ranges=False, promised=len(DATA) + 1), CopyChanged),
        (Page(data=DATA, ranges=False, chunked=True), CopyMisread),
        (Page(data=DATA, headers={"Content-Range": "bytes 0-1"}), CopyMisread),
        (Page(data=DATA, status=202), CopyMisread),
        (Page(data=DATA, status=204), StorageUnavailable),
        (Page(data=DATA, status=403), CopyMisread),
        (Page(data=DATA, status=416), CopyMisread),
        (Page(data=DATA, status=410), CopyMissing),
        (Page(data=DATA, status=500), StorageUnavailable),
        (Page(data=gzip.compress(DATA), headers={"Content-Encoding": "gzip"}), CopyMisread),
        (Page(data=DATA, status=302), StorageUnavailable),
    ],
    ids=lambda value: None if isinstance(value, Page) else value.__name__,
)  # fmt: skip
async def test_a_server_that_contradicts_itself_is_not_read(
    server: ScriptedServer, page: Page, error: type[Exception]
) -> None:
    server.pages["/a"] = page

    with pytest.raises(error):
        await a_storage().open(at(server.url("/a")), len(DATA))


async def test_a_body_that_is_longer_than_its_range_is_an_error(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, chunked=True, surplus=b"more"))

    with pytest.raises(CopyMisread):
        await read_all(source, 0, len(DATA))
    await source.aclose()


async def test_a_body_without_length_is_read_when_its_range_says_it(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, chunked=True))

    assert await read_all(source, 0, len(DATA)) == DATA
    await source.aclose()


async def test_what_a_server_sends_too_much_reaches_nobody(server: ScriptedServer) -> None:
    surplus = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"
    source = await opened(server, Page(data=DATA, surplus=surplus))

    assert await read_all(source, 0, len(DATA)) == DATA
    assert await read_all(source, 5, 3) == DATA[5:8]
    await source.aclose()


async def test_a_server_that_stalls_is_left_after_the_read_timeout(server: ScriptedServer) -> None:
    source = await opened(server, Page(data=DATA, ranges=False, stalls=1000), read_timeout=0.05)

    with pytest.raises(StorageUnavailable, match="ReadTimeout"):
        await read_all(source, 0, len(DATA))
    await source.aclose()


async def test_a_cancelled_read_leaves_the_next_one_right(server: ScriptedServer) -> None:
    page = Page(data=DATA, stalls=1000)
    source = await opened(server, page)
    data = await read_all(source, 0, 1000)
    reading = asyncio.ensure_future(source.read(1000, 10))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    page.stalls = None
    page.released.set()

    assert data + await read_all(source, 1000, len(DATA) - 1000) == DATA
    await source.aclose()


async def test_without_ranges_a_range_far_into_the_file_is_refused_rather_than_read_up_to(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.storage.http_source.MOST_SKIPPED", 1000)
    source = await opened(server, Page(data=DATA, ranges=False))
    assert await read_all(source, 900, 10) == DATA[900:910]
    await source._release()

    with pytest.raises(CopyMisread, match="ranges"):
        await source.read(200_000, 10)
    await source.aclose()


async def test_nobody_listens(server: ScriptedServer) -> None:
    with scripted_server() as other:
        url = other.url("/a")

    with pytest.raises(StorageUnavailable, match="ConnectError"):
        await a_storage().check(url)


async def test_redirects_are_followed_to_allowed_hosts(server: ScriptedServer) -> None:
    server.pages["/b"] = Page(data=DATA)
    for target in ("/b", "b", server.url("/b"), server.url("/b#x"), "/x/../b"):
        server.pages["/a"] = Page(status=302, headers={"Location": target})

        assert (await a_storage().check(server.url("/a"))).size_bytes == len(DATA)


@pytest.mark.parametrize(
    "target",
    ["http://localhost:{port}/b", "http://127.0.0.2:{port}/b", "http://169.254.169.254/latest", "file:///etc/passwd",
     "//localhost:{port}/b", "http://127.0.0.1@localhost:{port}/b", "http://[", "gopher://127.0.0.1:{port}/b"],
)  # fmt: skip
async def test_redirects_to_anywhere_else_are_not(server: ScriptedServer, target: str) -> None:
    server.pages["/b"] = Page(data=DATA)
    server.pages["/a"] = Page(status=302, headers={"Location": target.format(port=server.port)})

    with pytest.raises(LocationRefused):
        await a_storage().check(server.url("/a"))

    assert [path for _, path, _ in server.asked] == ["/a"]


async def test_redirects_end(server: ScriptedServer) -> None:
    server.pages["/a"] = Page(status=307, headers={"Location": "/a"})

    with pytest.raises(StorageUnavailable, match="more than 2"):
        await a_storage(most_redirects=2).check(server.url("/a"))

    assert len(server.asked) == 3


async def test_a_name_that_leads_to_an_address_that_is_not_public_is_refused(server: ScriptedServer) -> None:
    server.pages["/a"] = Page(data=DATA)
    url = server.url("/a", host="localhost")

    with pytest.raises(LocationRefused, match="public"):
        await a_storage(("localhost:*",)).check(url)
    with pytest.raises(LocationRefused, match="public"):
        await a_storage(("*:*",)).check(url)
    assert server.asked == []
    assert (await a_storage(("localhost:*", "127.0.0.0/8:*")).check(url)).size_bytes == len(DATA)
    assert server.asked[0][2]["Host"] == f"localhost:{server.port}"


async def test_a_name_is_resolved_once_and_that_address_is_asked(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pages["/a"] = Page(data=DATA)
    loop, answers = asyncio.get_running_loop(), ["127.0.0.1", "169.254.169.254"]
    resolve, names = loop.getaddrinfo, []

    async def rebinding(host: str, *arguments: object, **options: object) -> object:
        if host == "rebind.example.org":
            names.append(host)
            host = answers.pop(0)
        return await resolve(host, *arguments, **options)

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    storage = a_storage(("rebind.example.org:*", "127.0.0.1:*"))
    url = server.url("/a", host="rebind.example.org")

    assert (await storage.check(url)).size_bytes == len(DATA)
    assert len(names) == 1
    with pytest.raises(LocationRefused, match="public"):
        await storage.check(url)


async def test_the_token_goes_to_the_host_of_the_base_url_only(server: ScriptedServer) -> None:
    with scripted_server() as other:
        other.pages["/b"] = Page(data=DATA)
        server.pages["/data/a"] = Page(status=302, headers={"Location": other.url("/b")})

        await a_storage(base_url=server.url("/data"), bearer_token="word").check(server.url("/data/a"))

        assert server.asked[0][2]["Authorization"] == "Bearer word"
        assert "Authorization" not in other.asked[0][2]


async def test_only_what_lies_below_the_base_url_is_read(server: ScriptedServer) -> None:
    storage = a_storage(base_url=server.url("/data"))

    storage.validate_url(server.url("/data/a?x=/../"))
    for path in ("/dat", "/data", "/database", "/other/data/a", "/data/../a", "/data/%2E%2e/a", "/data\\..\\a"):
        with pytest.raises(LocationRefused):
            storage.validate_url(server.url(path))


async def test_without_a_word_of_the_operator_nothing_is_read() -> None:
    storage = a_storage(())

    with pytest.raises(LocationRefused):
        await storage.check("https://example.org/a")
    with pytest.raises(StorageUnavailable):
        await storage.probe()


async def test_the_probe_asks_the_base_url(server: ScriptedServer) -> None:
    storage = a_storage(base_url=server.url("/data"))
    await storage.probe()
    server.pages["/data/"] = Page(status=503)

    with pytest.raises(StorageUnavailable):
        await storage.probe()


async def test_a_source_stays_readable_when_its_storage_is_closed(server: ScriptedServer) -> None:
    server.pages["/a"] = Page(data=DATA)
    storage = a_storage()
    source = await storage.open(at(server.url("/a")), len(DATA))
    await storage.aclose()

    assert await read_all(source, 0, len(DATA)) == DATA
    await source.aclose()
    with pytest.raises(StorageUnavailable):
        await storage.open(at(server.url("/a")), len(DATA))


@pytest.mark.parametrize(
    "parameters",
    [{"base_url": "file:///etc"}, {"base_url": "https://u:p@example.org"}, {"base_url": "https://example.org/?x"},
     {"bearer_token": "word"}, {"base_url": "https://example.org", "bearer_token": "a\r\nb"}, {"most_redirects": -1}],
)  # fmt: skip
def test_wrong_parameters_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refused:
        HTTPParameters(**parameters)
    assert "a\r\nb" not in str(refused.value)


def test_the_plugin_takes_the_hosts_from_the_operator() -> None:
    storage = HTTPPlugin.build(HTTPParameters(), PluginEnvironment(allowed_hosts=("example.org",)))

    storage.validate_url("https://example.org/a")
    with pytest.raises(LocationRefused):
        storage.validate_url("https://example.com/a")
