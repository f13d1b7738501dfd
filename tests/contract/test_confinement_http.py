"""No URL and no redirect leads an HTTP storage to a server, or a part of one, that is not allowed."""

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from adapters.storage.conformance import read_all
from adapters.storage.http_storage import HTTPParameters, HTTPStorage
from application.errors import LocationRefused, StorageUnavailable
from domain.errors import InvalidValue
from tests import factories
from tests.contract.hostile_urls import mostly, paths
from tests.contract.scripted_http_server import Page, ScriptedServer, scripted_server

pytestmark = pytest.mark.anyio

SECRET = b"secret that must never leave"
PUBLIC = b"public"


class Careless(dict[str, Page]):
    """Pages of a server that decodes paths as often as it can, and resolves them then."""

    def get(self, path: str, default: object = None) -> Page:  # type: ignore[override]  # It always has an answer.
        if path in self:
            return self[path]
        decoded = path.encode("latin-1")
        while (again := unquote_to_bytes(decoded)) != decoded:
            decoded = again
        plain = "/".join(part.split(";")[0] for part in decoded.decode("latin-1").replace("\\", "/").split("/"))
        is_public = f"{posixpath.normpath('/' + plain.lstrip('/'))}/".startswith("/data/")
        return Page(data=PUBLIC if is_public else SECRET)


@pytest.fixture(scope="module")
def allowed() -> Iterator[ScriptedServer]:
    with scripted_server(Careless()) as running:
        yield running


@pytest.fixture(scope="module")
def forbidden() -> Iterator[ScriptedServer]:
    with scripted_server(Careless()) as running:
        yield running


TARGETS = ["data/a", "private/a", "data/../private/a", "../private/a", "data/..;/private/a", "data/x/../../private/a",
           "database/a", "{forbidden}/data/a", "/{forbidden}/data/a", "data/?to=//{forbidden}/"]  # fmt: skip
ORIGINS = [
    "http://{forbidden}/", "http://{allowed}@{forbidden}/", "http://{forbidden}#@{allowed}/", "http://{allowed}\\@{forbidden}/",
    "http://{forbidden}?@{allowed}/", "http://{allowed}:x@{forbidden}/", "http://localhost:{port}/", "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://0:{port}/", "http://0.0.0.0:{port}/", "http://127.1:{port}/",
    "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://127.0.0.1.:{port}/",
    "http://127.0.0.1%2f@{forbidden}/", "http://\uff11\uff12\uff17.0.0.1:{port}/", "http://①②⑦.0.0.1:{port}/",
    "http:{forbidden}/", "http:/{forbidden}/", "http:///{forbidden}/", "http:\\\\{forbidden}\\", "//{forbidden}/",
    "/\\{forbidden}/",
    "https://{forbidden}/", "ftp://{forbidden}/", "file:///", "file://{forbidden}/", "\\\\{forbidden}\\share\\",
    "http://169.254.169.254/", "http://metadata.google.internal/", "http://evil.example/", "http://{allowed}.evil.example/",
    "http://{allowed}\t@{forbidden}/", "http://{allowed}\r\nHost: {forbidden}\r\n/", "http://127.0.0.1:0{port}/", "",
]  # fmt: skip
URLS = st.builds(
    str.__add__,
    mostly(["http://{allowed}/data/", "HTTP://{allowed}/", "http://{allowed}/"], st.sampled_from(ORIGINS)),
    paths(TARGETS, ["data", "private", "a"]),
)


def placed(url: str, allowed: ScriptedServer, forbidden: ScriptedServer) -> str:
    """The URL with the servers' places in it; disguised names of them are left as they are."""
    url = url.replace("{allowed}", f"127.0.0.1:{allowed.port}").replace("{port}", str(forbidden.port))
    return url.replace("{forbidden}", f"127.0.0.1:{forbidden.port}")


async def all_read(storage: HTTPStorage, url: str) -> list[bytes]:
    found = []
    for size in (len(PUBLIC), len(SECRET)):
        try:
            await storage.check(url)
            source = await storage.open(factories.a_location(url=url, version=None), size)
            found.append(await read_all(source, 0, size))
            await source.aclose()
        except (LocationRefused, StorageUnavailable, InvalidValue):
            continue
    await storage.aclose()
    return found


@settings(max_examples=300)
@given(template=URLS)
async def test_no_url_leads_below_another_base_or_to_another_server(
    allowed: ScriptedServer, forbidden: ScriptedServer, template: str
) -> None:
    url = placed(template, allowed, forbidden)
    base = f"http://127.0.0.1:{allowed.port}/data"

    found = await all_read(HTTPStorage.of(HTTPParameters(base_url=base), (f"127.0.0.1:{allowed.port}",)), url)

    event(f"read {len(found)}")
    assert SECRET not in found
    assert forbidden.asked == []


@settings(max_examples=150)
@given(template=URLS, status=st.sampled_from([301, 302, 303, 307, 308]))
async def test_no_redirect_leads_to_another_server(
    allowed: ScriptedServer, forbidden: ScriptedServer, template: str, status: int
) -> None:
    location = placed(template, allowed, forbidden).encode("utf-8", "surrogatepass").decode("latin-1")
    location = location.replace("\r", "").replace("\n", "").replace("\x00", "")
    allowed.pages["/data/moved"] = Page(status=status, headers={"Location": location})
    storage = HTTPStorage.of(HTTPParameters(), (f"127.0.0.1:{allowed.port}",))

    found = await all_read(storage, allowed.url("/data/moved"))

    event(f"read {len(found)}")
    assert forbidden.asked == []


async def test_the_servers_are_there(allowed: ScriptedServer, forbidden: ScriptedServer) -> None:
    hosts = (f"127.0.0.1:{allowed.port}", f"127.0.0.1:{forbidden.port}")

    assert await all_read(HTTPStorage.of(HTTPParameters(), hosts), allowed.url("/data/a")) == [PUBLIC]
    assert await all_read(HTTPStorage.of(HTTPParameters(), hosts), allowed.url("/private/a")) == [SECRET]
    assert await all_read(HTTPStorage.of(HTTPParameters(), hosts), forbidden.url("/x")) == [SECRET]
    forbidden.asked.clear()
