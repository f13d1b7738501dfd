"""The demo's tape: it promises what every nearline storage does."""

import json
import time
from pathlib import Path

import attrs
import pytest

from adapters.storage.conformance import NearlineContract, PluginContract
from adapters.storage.demo_tape import DemoTapeParameters, DemoTapePlugin, DemoTapeStorage
from adapters.storage.environment import PluginEnvironment
from adapters.storage.local import LocalStorage
from domain.availability import Availability

pytestmark = pytest.mark.anyio


@attrs.define
class TapeBench:
    root: Path
    storage: DemoTapeStorage

    def put(self, name: str, data: bytes) -> str:
        new = self.root / f"{name}.new"
        new.write_bytes(data)
        new.rename(self.root / name)
        return (self.root / name).as_uri()

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def foreign_urls(self) -> list[str]:
        return [(self.root.parent / "outside.dat").as_uri()]

    def finish(self, name: str) -> None:
        """The time of the tape is over at once: what was noted as coming is here."""
        del name
        for note in self.storage.drive.glob("[!.]*"):
            _, until = json.loads(note.read_text())
            note.write_text(json.dumps([time.time() - 1, until]))


class TestDemoTapeStorage(NearlineContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> TapeBench:
        root = tmp_path / "tapes"
        root.mkdir()
        return TapeBench(root, DemoTapeStorage(LocalStorage(str(root)), tmp_path / "drive", seconds=3600.0))

    async def test_another_process_knows_what_was_asked_for(self, bench: TapeBench) -> None:
        url = bench.put("a.dat", b"bytes")
        await bench.storage.restore(url, hours=1)
        other = DemoTapeStorage(bench.storage.disk, bench.storage.drive, seconds=3600.0)

        before = await other.availability([url])
        bench.finish("a.dat")

        assert before[url].state is Availability.RESTORING
        assert (await other.availability([url]))[url].state is Availability.AVAILABLE

    async def test_an_object_sleeps_again_when_its_time_is_over(self, bench: TapeBench) -> None:
        url = bench.put("a.dat", b"bytes")
        await bench.storage.restore(url, hours=1)
        (note,) = bench.storage.drive.glob("[!.]*")
        note.write_text(json.dumps([time.time() - 10, time.time() - 1]))

        assert (await bench.storage.availability([url]))[url].state is Availability.UNAVAILABLE


class TestDemoTapePlugin(PluginContract):
    plugin_id = "DemoTape"


def test_the_drive_is_in_the_scratch_folder_and_else_beside_the_objects(tmp_path: Path) -> None:
    parameters = DemoTapeParameters(root=str(tmp_path))

    given = DemoTapePlugin.build(
        parameters, PluginEnvironment(tenant="demo", storage="tape", scratch=tmp_path / "scratch")
    )
    alone = DemoTapePlugin.build(parameters, PluginEnvironment())

    assert isinstance(given, DemoTapeStorage)
    assert isinstance(alone, DemoTapeStorage)
    assert (given.drive, alone.drive) == (tmp_path / "scratch/demo/tape", tmp_path / ".drive")
