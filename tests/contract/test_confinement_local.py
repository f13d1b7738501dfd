"""Nothing outside a root is ever readable, whatever the URL looks like: plain files and members of archives."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from adapters.storage.conformance import read_all
from adapters.storage.fence import Fence
from adapters.storage.local import LocalStorage
from application.errors import LocationRefused, PortError, StorageUnavailable
from application.ports.storage import url_to_check
from application.use_cases.register_files import FilesRefused, NewFile, Registered, RegisterFiles, RegisterFilesRequest
from domain.errors import DomainError, InvalidValue
from domain.file import FileLocation
from tests import factories
from tests.contract.hostile_urls import mostly, paths, schemes
from tests.contract.single_storage_registry import SingleStorageRegistry
from tests.factories import NOW, TENANT
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

SECRET = b"secret that must never leave " * 100
INSIDE = b"public"
CHECKSUM = "0123abcd"
MEMBERS = ["inside", "../secret.txt", "secret.txt", CHECKSUM, "a/../../secret.txt", "/etc/passwd", "\x00", ""]


@attrs.frozen
class Tree:
    """A root with public files and ways out of it, among secrets."""

    base: Path

    @property
    def root(self) -> Path:
        return self.base / "root"

    def storage(self) -> LocalStorage:
        fence = Fence(private=(str(self.root / "private"),))
        return LocalStorage(str(self.root), fence, pauses_seconds=())

    @property
    def secret_sizes(self) -> set[int]:
        return {path.stat().st_size for path in self.base.glob("secret.*")}

    @classmethod
    def grown(cls, base: Path) -> "Tree":
        tree = cls(base)
        root, outside = tree.root, base / "outside"
        for folder in (root / "a", root / "private", root / "%2e%2e", root / "...", outside, base / "root-beside"):
            folder.mkdir(parents=True)
        for public in (root / "inside", root / "a" / "inside", root / "..." / "inside", root / "%2e%2e" / "secret.txt"):
            public.write_bytes(INSIDE)
        for secret in (base, outside, base / "root-beside", root / "private"):
            (secret / "secret.txt").write_bytes(SECRET)
            for name in ("secret.zip", "regards_secret.zip"):
                _archive(secret / name, SECRET)
        for name in ("archive.zip", "regards_public.zip"):
            _archive(root / name, INSIDE)
        links = {
            "link": base / "secret.txt", "up": base, "relative": Path("../secret.txt"), "round": root / "round",
            "slash": Path("/"), "hop": Path("up/outside"), "regards_link.zip": base / "secret.zip", "zips": outside,
            "behind": Path("private"), "current": outside / "regards_secret.zip",
        }  # fmt: skip
        for name, target in links.items():
            (root / name).symlink_to(target)
        return tree


def _archive(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("inside", "secret.txt", "../secret.txt", CHECKSUM):
            archive.writestr(name, data)


BASE = Path(tempfile.gettempdir()) / f"rs-downloader-confinement-{os.getpid()}"
"""Known before the tests run, so that URLs can be made for it."""


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    BASE.mkdir()
    yield Tree.grown(BASE)
    shutil.rmtree(BASE)


WAYS = ("../", "../outside/", "../root-beside/", "private/", "up/", "hop/", "zips/", "behind/", "a/../../", "up/up/../")
TARGETS = [
    f"{way}{secret}"
    for way in WAYS
    for secret in ("secret.txt", "secret.zip", "regards_secret.zip")
] + ["link", "relative", "regards_link.zip", "current", "slash/etc/passwd", "round", "inside", "archive.zip",
     "regards_public.zip", f"{BASE}/secret.txt", f"/{BASE}/secret.txt", f"slash{BASE}/secret.txt",
     "/etc/passwd"]  # fmt: skip
PIECES = ["a", "inside", "root", "up", "link", "zips", "private", "secret.txt", "secret.zip", "archive.zip", "current"]
QUERIES = mostly(
    ["", "?fileName=inside"],
    st.builds(
        str.__add__,
        mostly(
            ["?fileName="], st.sampled_from(["?filename=", "%3FfileName=", "?x=1&fileName=", "?fileName=a?fileName="])
        ),
        st.one_of(st.sampled_from(MEMBERS), paths(MEMBERS[:4], ["inside"]), st.text(max_size=5)),
    ),
)
URLS = st.builds(
    lambda scheme, path, query: scheme + path + query,
    mostly(
        [f"file://{BASE}/root/", f"file:{BASE}/root/"], st.one_of(st.sampled_from(schemes(f"{BASE}/root")), st.text())
    ),
    paths(TARGETS, PIECES),
    QUERIES,
)


async def everything_read(tree: Tree, url: str) -> list[bytes]:
    """What any way of reading hands out for a URL; only errors of the port may stop it."""
    found, storage, secret_sizes = [], tree.storage(), tree.secret_sizes
    with suppress(LocationRefused):
        storage.validate_url(url)
    for checksum in (CHECKSUM, "secret.txt", "../secret.txt"):
        sizes = {len(SECRET), len(INSIDE)}
        try:
            status = await storage.check(url_to_check(storage, url, checksum))
            assert status.size_bytes not in secret_sizes, "not even its size is told"
            sizes.add(status.size_bytes)
        except (LocationRefused, StorageUnavailable):
            pass
        for size in sizes:
            try:
                location = attrs.evolve(factories.a_location(url=url or "x", version=None), checksum=checksum)
                source = await storage.open(location, size)
            except (LocationRefused, StorageUnavailable, InvalidValue):
                continue
            found.append(await read_all(source, 0, size))
            await source.aclose()
    return found


@settings(max_examples=500)
@given(url=URLS)
async def test_no_url_reads_outside_the_root(tree: Tree, url: str) -> None:
    found = await everything_read(tree, url)

    event("read something" if found else "read nothing")
    assert not [piece for piece in found if SECRET[:30] in piece or b"root:" in piece]


@settings(max_examples=100)
@given(url=URLS)
async def test_no_url_registers_what_is_outside_the_root(tree: Tree, url: str) -> None:
    world = World().holds(factories.a_storage("disk"))
    register = RegisterFiles(world.unit_of_work, SingleStorageRegistry(tree.storage()), world.clock)
    file = NewFile(
        checksum=CHECKSUM, algorithm="MD5", file_name="a", size_bytes=len(SECRET), media_type="a/b",
        data_type="RAWDATA", storage="disk", url=url,
    )  # fmt: skip

    for size, may_pass in ((len(SECRET), False), (len(INSIDE), True)):
        try:
            result = await register.execute(
                RegisterFilesRequest(tenant=TENANT, files=(attrs.evolve(file, size_bytes=size),))
            )
        except (PortError, DomainError):
            continue
        assert may_pass or isinstance(result, FilesRefused)
        if isinstance(result, Registered):
            location = FileLocation(tenant=TENANT, checksum=CHECKSUM, storage="disk", url=url, stored_at=NOW)
            source = await tree.storage().open(location, size)
            assert await source.read(0, size) == INSIDE
            await source.aclose()


@pytest.mark.parametrize(
    "place",
    ["/inside", "/a/inside", "/a//inside", "/%69nside", "/%252e%252e/secret.txt", "/.../inside",
     "/archive.zip?fileName=inside", "/archive.zip?fileName=../secret.txt", "/archive.zip?fileName=..%2Fsecret.txt",
     "/regards_public.zip", "/regards_public.zip?fileName=secret.txt"],
)  # fmt: skip
async def test_what_is_inside_stays_readable(tree: Tree, place: str) -> None:
    found = await everything_read(tree, tree.root.as_uri() + place)

    assert INSIDE in found


@pytest.mark.parametrize(
    "place",
    ["/../secret.txt", "/link", "/up/secret.txt", "/hop/secret.txt", "/private/secret.txt", "/behind/secret.txt",
     "/regards_link.zip", "/regards_link.zip?fileName=inside", "/zips/regards_secret.zip", "/current?fileName=inside",
     "/up/secret.zip?fileName=inside", "/private/secret.zip?fileName=inside", "/../secret.zip?fileName=inside",
     "/slash/etc/passwd", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/a/..%2f..%2fsecret.txt"],
)  # fmt: skip
async def test_ways_out_are_refused_for_what_they_are(tree: Tree, place: str) -> None:
    with pytest.raises(LocationRefused):
        await tree.storage().check(tree.root.as_uri() + place)
