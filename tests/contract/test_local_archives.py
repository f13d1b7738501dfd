"""Members of zip archives on a disk: the storage contract, upstream's layout, and archives that grow while read."""

import asyncio
import os
import threading
import zipfile
from pathlib import Path

import attrs
import pytest

from adapters.storage.conformance import DATA, Bench, StorageContract, located, read_all
from adapters.storage.local import LocalStorage
from application.errors import CopyChanged, CopyMisread, CopyMissing, LocationRefused
from application.ports.storage import Storage, url_to_check
from tests import factories

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")]

ARCHIVE = "regards_2026-11-21T12:00:00.000Z.zip"


@attrs.define
class ArchiveBench:
    """Objects are members of one archive, which is only added to, as upstream does."""

    root: Path
    storage: Storage
    method: int
    name: str = "small files.zip"

    @property
    def path(self) -> Path:
        return self.root / self.name

    def put(self, name: str, data: bytes) -> str:
        with zipfile.ZipFile(self.path, "a", self.method) as archive:
            archive.writestr(name, data)
        return f"{self.path.as_uri()}?fileName={name}"

    def remove(self, name: str) -> None:
        with zipfile.ZipFile(self.path) as archive:
            kept = {other: archive.read(other) for other in archive.namelist() if other != name}
        self.path.unlink()
        with zipfile.ZipFile(self.path, "w", self.method) as archive:
            for other, data in kept.items():
                archive.writestr(other, data)

    def foreign_urls(self) -> list[str]:
        url = self.path.as_uri()
        outside = self.root.parent / "outside.zip"
        with zipfile.ZipFile(outside, "w") as archive:
            archive.writestr("a.dat", b"secret")
        return [
            f"{url}?fileName=",
            f"{url}?fileName=a%00b",
            f"{url}?fileName=%C0%AF",
            f"{url}?fileName=a#b",
            f"{url}?filename=a.dat",
            f"{url}?x=1&fileName=a.dat",
            f"{url}?",
            f"{outside.as_uri()}?fileName=a.dat",
            f"{self.root.as_uri()}/../outside.zip?fileName=a.dat",
            f"{self.root.as_uri()}/%2e%2e/outside.zip?fileName=a.dat",
            f"{self.root.as_uri()}?fileName=a.dat",
            f"http://localhost{self.path}?fileName=a.dat",
        ]


class TestLocalArchives(StorageContract):
    @pytest.fixture(params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
    def bench(self, tmp_path: Path, request: pytest.FixtureRequest) -> ArchiveBench:
        root = tmp_path / "root"
        root.mkdir()
        return ArchiveBench(root, LocalStorage(str(root), pauses_seconds=(0, 0)), request.param)

    async def test_in_an_archive_of_upstream_the_checksum_names_the_member(self, bench: ArchiveBench) -> None:
        bench.name = ARCHIVE
        bench.put("0123abcd", DATA)
        url = bench.path.as_uri()
        location = attrs.evolve(factories.a_location(url=url), checksum="0123abcd", version=None)

        status = await bench.storage.check(url_to_check(bench.storage, url, "0123abcd"))
        source = await bench.storage.open(attrs.evolve(location, version=status.version), len(DATA))

        assert await read_all(source, 0, len(DATA)) == DATA
        await source.aclose()
        with pytest.raises(CopyMissing):
            await bench.storage.open(attrs.evolve(location, checksum="other"), len(DATA))

    async def test_a_name_in_the_url_counts_more_than_the_checksum(self, bench: ArchiveBench) -> None:
        bench.name = ARCHIVE
        url = bench.put("a%20b", DATA).replace("a%20b", "a%2520b")

        assert url_to_check(bench.storage, url, "0123abcd") == url
        assert (await bench.storage.check(url)).size_bytes == len(DATA)

    async def test_other_archives_are_files_like_any_other(self, bench: ArchiveBench) -> None:
        bench.put("0123abcd", DATA)
        location = await located(bench, bench.path.as_uri())
        size = bench.path.stat().st_size

        source = await bench.storage.open(location, size)

        assert source.file_descriptor is not None
        assert await read_all(source, 0, size) == bench.path.read_bytes()
        await source.aclose()

    async def test_names_of_members_never_become_paths(self, bench: ArchiveBench) -> None:
        secret = bench.root.parent / "secret"
        secret.write_bytes(b"secret")
        url = bench.put("../secret", DATA)

        assert (await bench.storage.check(url)).size_bytes == len(DATA)
        with pytest.raises(CopyMissing):
            await bench.storage.check(url.replace("../secret", str(secret)))

    async def test_an_archive_behind_a_link_that_leads_out_is_refused(self, bench: ArchiveBench) -> None:
        bench.foreign_urls()
        bench.path.symlink_to(bench.root.parent / "outside.zip")

        with pytest.raises(LocationRefused):
            await bench.storage.check(f"{bench.path.as_uri()}?fileName=a.dat")

    async def test_an_archive_that_stays_torn_is_given_up(self, bench: ArchiveBench) -> None:
        url = bench.put("a.dat", DATA)
        os.truncate(bench.path, bench.path.stat().st_size - 1)

        with pytest.raises(CopyMisread):
            await bench.storage.check(url)

    async def test_a_range_stays_right_while_the_archive_grows(self, bench: ArchiveBench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, len(DATA))
        data = await read_all(source, 0, 1000)
        bench.put("b.dat", DATA[::-1])

        data += await read_all(source, 1000, 200_000)
        await source.check_unchanged()

        assert data == DATA[:201_000]
        await source.aclose()

    async def test_an_archive_overwritten_in_place_is_noticed_after_a_range(self, bench: ArchiveBench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, len(DATA))
        await read_all(source, 1000, 1000)
        bench.path.write_bytes(bytes(bench.path.stat().st_size))
        os.utime(bench.path, ns=(0, 1))

        with pytest.raises(CopyChanged):
            await source.check_unchanged()
        await source.aclose()

    async def test_what_was_added_before_is_read_whole_while_more_is_added(self, tmp_path: Path) -> None:
        bench = ArchiveBench(tmp_path, LocalStorage(str(tmp_path)), zipfile.ZIP_DEFLATED, ARCHIVE)
        known = [bench.put(f"first{number}", DATA[number:70_000]) for number in range(3)]
        is_done = threading.Event()

        def add() -> None:
            try:
                for number in range(150):
                    bench.put(f"more{number}", DATA[:2000])
            finally:
                is_done.set()

        adding = asyncio.get_running_loop().run_in_executor(None, add)
        rounds = 0
        while not is_done.is_set() or not rounds:
            for number, url in enumerate(known):
                size = 70_000 - number
                source = await bench.storage.open(await located(bench, url), size)
                assert await read_all(source, 0, size) == DATA[number:70_000]
                await source.check_unchanged()
                await source.aclose()
            rounds += 1
        await adding


_: type[Bench] = ArchiveBench
