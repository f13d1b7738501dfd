"""The storage contract over the fake and the built-in storages."""

import os
from pathlib import Path

import attrs
import pytest

from adapters.storage.conformance import DATA, Bench, NearlineContract, PluginContract, StorageContract, located
from adapters.storage.local import LocalStorage
from application.errors import CopyChanged, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import Storage
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorage

pytestmark = pytest.mark.anyio


@attrs.define
class MemoryBench:
    storage: InMemoryStorage

    def put(self, name: str, data: bytes) -> str:
        self.storage.put(f"memory:///{name}", data)
        return f"memory:///{name}"

    def remove(self, name: str) -> None:
        self.storage.remove(f"memory:///{name}")

    def foreign_urls(self) -> list[str]:
        return ["memory:///../secret"]


class TestInMemoryStorage(StorageContract):
    @pytest.fixture
    def bench(self) -> Bench:
        return MemoryBench(InMemoryStorage())


@attrs.define
class SleepingBench(MemoryBench):
    storage: InMemoryNearlineStorage

    def finish(self, name: str) -> None:
        self.storage.finish(f"memory:///{name}")


class TestInMemoryNearlineStorage(NearlineContract):
    @pytest.fixture
    def bench(self) -> SleepingBench:
        return SleepingBench(InMemoryNearlineStorage(FixedClock()))


class TestLocalPlugin(PluginContract):
    plugin_id = "Local"


@attrs.define
class LocalBench:
    root: Path
    storage: Storage

    def put(self, name: str, data: bytes) -> str:
        """Replace by renaming, as archives do."""
        new = self.root / f"{name}.new"
        new.write_bytes(data)
        new.rename(self.root / name)
        return (self.root / name).as_uri()

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def foreign_urls(self) -> list[str]:
        outside = self.root.parent / "outside.txt"
        outside.write_bytes(b"secret")
        beside = self.root.parent / f"{self.root.name}-beside"
        beside.mkdir(exist_ok=True)
        (beside / "x").write_bytes(b"secret")
        (self.root / "link").unlink(missing_ok=True)
        root = self.root.as_uri()
        return [
            outside.as_uri(),
            f"{root}/../outside.txt",
            f"{root}/%2e%2e/outside.txt",
            f"{root}/..%2foutside.txt",
            f"{root}/a.dat%00",
            f"{root}/a.dat?x=1",
            f"{root}/a.dat#x",
            f"{root}-beside/x",
            root,
            f"{root}/",
            "file://elsewhere" + str(self.root) + "/a.dat",
            "file:a.dat",
            "http://localhost/a.dat",
            "/etc/passwd",
            "file:///etc/passwd",
            "file://[/a",
        ]


class TestLocalStorage(StorageContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> LocalBench:
        root = tmp_path / "root"
        root.mkdir()
        return LocalBench(root, LocalStorage(str(root)))

    async def test_a_symbolic_link_may_not_lead_out(self, bench: LocalBench) -> None:
        outside = bench.root.parent / "outside.txt"
        outside.write_bytes(b"secret")
        (bench.root / "link").symlink_to(outside)
        (bench.root / "folder").symlink_to(bench.root.parent)

        for url in ((bench.root / "link").as_uri(), (bench.root / "folder" / "outside.txt").as_uri()):
            with pytest.raises(LocationRefused):
                await bench.storage.check(url)

    async def test_a_symbolic_link_may_stay_inside(self, bench: LocalBench) -> None:
        bench.put("a.dat", DATA)
        (bench.root / "link").symlink_to(bench.root / "a.dat")

        assert (await bench.storage.check((bench.root / "link").as_uri())).size_bytes == len(DATA)

    async def test_the_root_may_be_a_symbolic_link(self, bench: LocalBench, tmp_path: Path) -> None:
        bench.put("a.dat", DATA)
        (tmp_path / "alias").symlink_to(bench.root)
        storage = LocalStorage(str(tmp_path / "alias"))

        assert (await storage.check((tmp_path / "alias" / "a.dat").as_uri())).size_bytes == len(DATA)

    async def test_names_are_percent_encoded_in_urls(self, bench: LocalBench) -> None:
        url = bench.put("a ü#?%.dat", DATA)

        assert (await bench.storage.check(url)).size_bytes == len(DATA)
        assert (await bench.storage.check(url.replace("file://", "file:"))).size_bytes == len(DATA)
        assert (await bench.storage.check(url.replace("file://", "file://localhost"))).size_bytes == len(DATA)

    async def test_a_folder_or_a_pipe_is_no_file(self, bench: LocalBench) -> None:
        (bench.root / "folder").mkdir()
        os.mkfifo(bench.root / "pipe")

        for name in ("folder", "pipe"):
            with pytest.raises(LocationRefused):
                await bench.storage.check((bench.root / name).as_uri())

    async def test_a_name_that_no_file_can_have_is_missing(self, bench: LocalBench) -> None:
        (bench.root / "round").symlink_to(bench.root / "round")

        for name in ("x" * 300, "round"):
            with pytest.raises(CopyMissing):
                await bench.storage.check((bench.root / name).as_uri())

    async def test_bytes_written_over_in_place_are_noticed(self, bench: LocalBench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, len(DATA))
        path = bench.root / "a.dat"
        path.write_bytes(DATA[::-1])
        os.utime(path, ns=(0, 1))

        with pytest.raises(CopyChanged):
            await source.check_unchanged()
        await source.aclose()
        with pytest.raises(CopyChanged):
            await bench.storage.open(location, len(DATA))

    async def test_a_file_cut_short_is_noticed_while_reading(self, bench: LocalBench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, len(DATA))
        os.truncate(bench.root / "a.dat", 10)

        with pytest.raises(CopyChanged):
            await source.read(20, 10)
        await source.aclose()

    async def test_reading_a_closed_source_is_an_error_of_the_storage(self, bench: LocalBench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), len(DATA))
        await source.aclose()

        with pytest.raises(StorageUnavailable):
            await source.read(0, 10)

    async def test_it_offers_zero_copy(self, bench: LocalBench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), len(DATA))

        assert source.file_descriptor is not None
        assert os.pread(source.file_descriptor, 10, 100) == DATA[100:110]
        await source.aclose()
