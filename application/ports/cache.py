"""The folder of the internal cache."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

import attrs

from application.ports.storage import ByteSource
from domain.file import ArchiveFile


@attrs.frozen(kw_only=True)
class Filled:
    """A verified copy under a temporary name, and the URL that it is read by once it is published."""

    temporary: str
    url: str


@attrs.frozen(kw_only=True)
class Lying:
    """A file in the folder. ``is_temporary``: it was never published."""

    tenant: str
    url: str
    size_bytes: int
    changed_at: datetime
    is_temporary: bool


class Cache(Protocol):
    """Restored files on our own disk. Every method raises ``StorageUnavailable`` when the disk fails."""

    @abstractmethod
    def folder(self, tenant: str) -> str:
        """Where the files of a tenant lie."""

    @abstractmethod
    def url_of(self, file: ArchiveFile) -> str:
        """What the copy of a file is read by once it is published. No I/O."""

    @abstractmethod
    async def fill(self, file: ArchiveFile, source: ByteSource, progressed: Callable[[int], None]) -> Filled:
        """Copy all bytes under a temporary name, verified and safe on the disk; ``progressed`` gets how many there are.

        What an earlier attempt left under temporary names is removed first. Raises ``CopyChanged`` when the bytes are
        not those of the file, and what reading the source raises; then nothing is left behind.
        """

    @abstractmethod
    async def publish(self, filled: Filled) -> None:
        """Give the copy its place, all at once. Raises ``StorageUnavailable`` when it is gone meanwhile."""

    @abstractmethod
    async def discard(self, filled: Filled) -> None:
        """Remove a copy that was not published. It may be gone already."""

    @abstractmethod
    async def remove(self, url: str) -> None:
        """Remove a file of this folder; downloads that read it go on. It may be gone, or lie elsewhere, already."""

    @abstractmethod
    async def size_of(self, url: str) -> int | None:
        """How large a published copy is; ``None`` when there is none."""

    @abstractmethod
    def scan(self) -> AsyncIterator[Lying]:
        """Every file in the folder, of all tenants; nothing when the folder is not the cache's own."""
