"""A folder that behaves like a tape library, for the demo: nothing in it can be read before it was brought back."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import attrs

from adapters.storage.local import LocalStorage
from adapters.storage.plugin import PluginEnvironment, StoragePlugin, parameter
from application.errors import CopyMissing, CopyNotRestored, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus, NearlineStorage, Storage
from domain.availability import Availability, CopyAvailability
from domain.errors import InvalidValue
from domain.file import FileLocation
from domain.storage_location import StorageType

DRIVE = ".drive"
"""The folder that stands for the drive, where no scratch folder is given."""
CLOCK = ".clock"


def _absolute(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if not value.startswith("/") or "\x00" in value:
        raise InvalidValue("root must be an absolute path.")


@attrs.frozen(kw_only=True)
class DemoTapeParameters:
    """Where the objects lie, and how slow the tape is."""

    root: str = parameter("root", "STRING", "Folder of the objects, absolute.", validator=_absolute)
    seconds: float = parameter(
        "seconds", "DOUBLE", "How long it takes until an object can be read.", default=4.0, minimum=0.0, unit="s"
    )


@attrs.frozen
class DemoTapeStorage(Storage, NearlineStorage):
    """What was asked for is written down in ``drive``, so that every process knows."""

    disk: LocalStorage
    drive: Path
    seconds: float

    @property
    def keeps_readable(self) -> bool:
        return False

    def validate_url(self, url: str) -> None:
        self.disk.validate_url(url)

    async def probe(self) -> None:
        await self.disk.probe()

    async def check(self, url: str) -> CopyStatus:
        return await self.disk.check(url)

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        if (await self._answer(location.url)).state is not Availability.AVAILABLE:
            raise CopyNotRestored("The tape with this object is not in the drive.")
        return await self.disk.open(location, size_bytes)

    async def availability(self, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
        return {url: await self._answer(url) for url in urls}

    async def restore(self, url: str, *, hours: int) -> None:
        await self.disk.check(url)
        await self.disk.threads.run(self._ask, url, hours)

    async def _answer(self, url: str) -> CopyAvailability:
        try:
            await self.disk.check(url)
            noted = await self.disk.threads.run(self._noted, url)
        except (CopyMissing, LocationRefused, StorageUnavailable):
            return CopyAvailability(state=Availability.ERROR)
        if noted is None:
            return CopyAvailability(state=Availability.UNAVAILABLE)
        now, ready, until = noted
        if now < ready:
            return CopyAvailability(state=Availability.RESTORING)
        end = datetime.fromtimestamp(0, UTC) + timedelta(seconds=until)
        return CopyAvailability(state=Availability.AVAILABLE, until=end)

    def _note_of(self, url: str) -> Path:
        return self.drive / hashlib.sha256(url.encode()).hexdigest()

    def _now(self) -> float:
        """What time it is for everybody who shares the drive: the file system says."""
        clock = self.drive / CLOCK
        try:
            self.drive.mkdir(parents=True, exist_ok=True)
            clock.touch()
            return clock.stat().st_mtime
        except OSError as error:
            raise StorageUnavailable(f"The drive cannot be looked at ({error.strerror}).") from error

    def _noted(self, url: str) -> tuple[float, float, float] | None:
        """The time, and from when and until when the object can be read; ``None`` when it sleeps."""
        now = self._now()
        try:
            ready, until = json.loads(self._note_of(url).read_text())
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise StorageUnavailable(f"The drive cannot be looked at ({error.strerror}).") from error
        return (now, ready, until) if until > now else None

    def _ask(self, url: str, hours: int) -> None:
        noted = self._noted(url)
        _, ready, until = (0.0, self._now() + self.seconds, 0.0) if noted is None else noted
        self._note(url, ready, max(until, ready + hours * 3600))

    def _note(self, url: str, ready: float, until: float) -> None:
        note = self._note_of(url)
        part = note.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_text(json.dumps([ready, until]))
            part.replace(note)
        except OSError as error:
            raise StorageUnavailable(f"The drive takes nothing ({error.strerror}).") from error


@attrs.frozen
class DemoTapePlugin(StoragePlugin):
    """Something nearline to try without any server; no archive is to be kept on it."""

    plugin_id: ClassVar[str] = "DemoTape"
    version: ClassVar[str] = "1.0.0"
    description: ClassVar[str] = "For demonstrations only: a folder that takes its time, as a tape library does."
    storage_type: ClassVar[StorageType] = StorageType.NEARLINE
    parameters: ClassVar[type] = DemoTapeParameters

    @classmethod
    def build(cls, parameters: DemoTapeParameters, environment: PluginEnvironment) -> Storage:
        drive = environment.scratch_folder or Path(parameters.root) / DRIVE
        return DemoTapeStorage(LocalStorage(parameters.root, environment.fence), drive, parameters.seconds)

    @classmethod
    def local_folders(cls, parameters: DemoTapeParameters) -> tuple[str, ...]:
        return (parameters.root,)
