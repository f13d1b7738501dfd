"""Small files whose archive is still being filled, or was not sent yet: they lie in upstream's workspace on a disk."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import attrs

from adapters.storage.disk_threads import DiskThreads
from adapters.storage.fence import Fence
from adapters.storage.local import LocalByteSource, open_local
from adapters.storage.s3.urls import ObjectName
from application.errors import CopyMissing
from application.ports.storage import CopyStatus

_ARCHIVE = re.compile(r"(?P<date>[0-9]{17})\.zip")
_STATES = ("_current", "")
"""What the name of a building directory ends in: being filled, then closed. In this order a renaming hides nothing."""


@attrs.define(eq=False)
class PendingSource(LocalByteSource):
    """A file in a building directory. It will soon be a member of an archive, so this place is not its identity."""

    @property
    def status(self) -> CopyStatus:
        return attrs.evolve(self._status, version=None)


@attrs.frozen(kw_only=True)
class Workspace:
    """``<folder>/<tenant>/zip/<parent of the archive's key>/rs_zip_<date>[_current]/<name>``, and nothing outside it.

    The archive ``<date>.zip`` is what the directory ``rs_zip_<date>`` becomes.
    """

    folder: str
    tenant: str
    key_root: str = ""
    fence: Fence = attrs.field(factory=Fence)
    threads: DiskThreads = attrs.field(factory=DiskThreads, eq=False, repr=False)

    @property
    def root(self) -> str:
        """The building directories of one tenant."""
        return str(PurePosixPath(self.folder, self.tenant, "zip"))

    async def open(self, name: ObjectName) -> PendingSource | None:
        """The small file, if it lies here. Raises ``LocationRefused`` and ``StorageUnavailable``."""
        for path in self.places(name):
            try:
                return await open_local(PendingSource, path, self.root, self.fence, self.threads)
            except CopyMissing:
                continue
        return None

    async def holds(self, name: ObjectName) -> bool:
        """Whether the small file lies here. Raises as ``open``."""
        source = await self.open(name)
        if source is None:
            return False
        await source.aclose()
        return True

    def places(self, name: ObjectName) -> Iterator[str]:
        """Where the small file may lie; nowhere for what is no member of an archive of small files. No I/O."""
        key = PurePosixPath(name.key)
        found = _ARCHIVE.fullmatch(key.name)
        if found is None or not name.member or "/" in name.member or name.member in {".", ".."}:
            return
        for parent in dict.fromkeys((str(key.parent), str(key.parent).removeprefix(self.key_root).lstrip("/"))):
            for state in _STATES:
                yield str(PurePosixPath(self.root, parent, f"rs_zip_{found['date']}{state}", name.member))
