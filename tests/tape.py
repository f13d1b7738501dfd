"""A storage plugin that behaves like a tape library: objects in a folder, which take a while to be brought back.

What it was asked to restore it writes down itself, one line for each time, whichever process asked. Such a line is all
that a request leaves behind, and written at once: a process that is killed has asked, or it has not.
"""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import attrs

from adapters.storage.fence import Fence
from adapters.storage.local import LocalStorage
from adapters.storage.plugin import PluginEnvironment, StoragePlugin, parameter
from application.errors import CopyNotRestored
from application.ports.storage import ByteSource, CopyStatus, NearlineStorage, Storage
from domain.availability import Availability, CopyAvailability
from domain.file import FileLocation
from domain.storage_location import StorageType

DRIVE = "drive"
"""The folder with a file for each object that was asked for, which has a line for each time."""


@attrs.frozen(kw_only=True)
class TapeParameters:
    root: str = parameter("root", "STRING", "Folder of the objects.")
    seconds: float = parameter("seconds", "DOUBLE", "How long a restoration takes.", default=0.2)


class TapeStorage(Storage, NearlineStorage):
    def __init__(self, parameters: TapeParameters) -> None:
        self._root = Path(parameters.root)
        self._seconds = parameters.seconds
        self._disk = LocalStorage(parameters.root, Fence())

    @property
    def keeps_readable(self) -> bool:
        return False

    def validate_url(self, url: str) -> None:
        self._disk.validate_url(url)

    async def probe(self) -> None:
        await self._disk.probe()

    async def check(self, url: str) -> CopyStatus:
        return await self._disk.check(url)

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        if not self._answer(location.url).is_readable(datetime.now(UTC)):
            raise CopyNotRestored("The tape is not mounted.")
        return await self._disk.open(location, size_bytes)

    async def availability(self, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
        return {url: self._answer(url) for url in urls}

    async def restore(self, url: str, *, hours: int) -> None:
        ready = time.time() + self._seconds
        drive = self._root / DRIVE
        drive.mkdir(exist_ok=True)
        descriptor = os.open(drive / _name(url), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{ready} {ready + hours * 3600}\n".encode())
        finally:
            os.close(descriptor)

    def _answer(self, url: str) -> CopyAvailability:
        try:
            *_, last = (self._root / DRIVE / _name(url)).read_text().splitlines()
        except (FileNotFoundError, ValueError):
            return CopyAvailability(state=Availability.UNAVAILABLE)
        ready, until = map(float, last.split())
        if time.time() < ready:
            return CopyAvailability(state=Availability.RESTORING)
        end = datetime.fromtimestamp(0, UTC) + timedelta(seconds=until)
        return CopyAvailability(state=Availability.AVAILABLE, until=end)


@attrs.frozen
class TapePlugin(StoragePlugin):
    plugin_id: ClassVar[str] = "Tape"
    version: ClassVar[str] = "1"
    description: ClassVar[str] = "A folder that takes its time."
    storage_type: ClassVar[StorageType] = StorageType.NEARLINE
    parameters: ClassVar[type] = TapeParameters

    @classmethod
    def build(cls, parameters: Any, environment: PluginEnvironment) -> Storage:
        del environment
        return TapeStorage(parameters)


def installed_in(folder: Path) -> str:
    """Make a distribution that offers the plugin; what has this folder on its path finds it."""
    information = folder / "rs_downloader_tape-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: rs-downloader-tape\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[rs_downloader.storage_plugins]\nTape = tests.tape:TapePlugin\n")
    return os.pathsep.join((str(folder), str(Path(__file__).parent.parent)))


def asked(root: Path) -> list[str]:
    """Every object that it was asked to restore, each time."""
    return [note.name for note in (root / DRIVE).glob("*") for _ in note.read_text().splitlines()]


def _name(url: str) -> str:
    return Path(unquote(urlsplit(url).path)).name
