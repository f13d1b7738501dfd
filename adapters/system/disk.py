"""Whether there is room on the disk that holds our own state."""

import shutil
from pathlib import Path

import anyio.to_thread

from application.ports.health import HealthCheck

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below this an SQLite file may not be able to grow, or a log to be written."""


class DiskCheck(HealthCheck):
    """Room in the data folder."""

    def __init__(self, folder: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        self._folder = folder
        self._least_free_bytes = least_free_bytes

    @property
    def name(self) -> str:
        return "disk"

    @property
    def is_vital(self) -> bool:
        return True

    async def problem(self) -> str | None:
        try:
            usage = await anyio.to_thread.run_sync(_usage, self._folder)
        except OSError as error:
            return f"The data folder cannot be looked at ({error.strerror})."
        if usage.free < self._least_free_bytes:
            return f"The disk of the data folder has only {usage.free // 1024} KiB left."
        return None


def _usage(folder: Path) -> "shutil._ntuple_diskusage":
    """Of the folder, or of the one that it will be made in: with a database elsewhere nothing may need it."""
    folder = folder.absolute()
    return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists()))
