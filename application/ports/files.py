"""Looking files up on the hot path, and the repository of files and their copies."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from domain.file import ArchiveFile, FileLocation
from domain.selection import Copy
from domain.statement import Statement


@attrs.frozen
class FoundFile:
    """A file with all its copies and their storages."""

    file: ArchiveFile
    copies: tuple[Copy, ...]


@attrs.frozen(kw_only=True)
class FilePage:
    """One page of a listing; ``next_after`` continues it, ``None`` at the end."""

    files: tuple[FoundFile, ...]
    next_after: str | None


class FileFinder(Protocol):
    """The one indexed read of the hot path."""

    @abstractmethod
    async def find(self, tenant: str, checksum: str) -> FoundFile | None:
        """The file with its copies and their storages as committed now. Raises ``DatabaseUnavailable``."""


class FileRepository(Protocol):
    """Files and copies inside a unit of work."""

    @abstractmethod
    async def get(self, tenant: str, checksum: str) -> FoundFile | None:
        """The file with its copies."""

    @abstractmethod
    async def known(self, tenant: str, checksums: Sequence[str]) -> dict[str, FoundFile]:
        """Those of the checksums that exist, in one read."""

    @abstractmethod
    async def page(self, tenant: str, *, storage: str | None, after: str | None, limit: int) -> FilePage:
        """Files in checksum order, optionally only those with a copy on one storage."""

    @abstractmethod
    async def say(self, tenant: str, checksum: str, storage: str, statement: Statement) -> bool:
        """Note that something is said of a copy, there or not; ``False`` when it is no news, and nothing is noted.

        Nobody else says anything of it until this unit ends.
        """

    @abstractmethod
    async def purge_statements(self, before: datetime) -> int:
        """Delete the notes of what was said before; returns how many."""

    @abstractmethod
    async def suspects(self, tenant: str) -> tuple[FileLocation, ...]:
        """Copies that failed a verification."""

    @abstractmethod
    async def save(self, files: Sequence[ArchiveFile], locations: Sequence[FileLocation]) -> None:
        """Insert or replace files (by tenant, checksum) and copies (by tenant, checksum, storage), in bulk."""

    @abstractmethod
    async def remove_location(self, tenant: str, checksum: str, storage: str) -> bool:
        """Delete one copy, and the file with its last copy. ``False`` when there is none."""

    @abstractmethod
    async def mark_suspect(self, location: FileLocation, *, since: datetime, reason: str) -> bool:
        """Mark a copy, once: ``False`` when already suspect, gone, or registered anew (other url or version)."""

    @abstractmethod
    async def mark_verified(self, location: FileLocation, *, version: str | None, at: datetime) -> None:
        """The copy was read and is right, so no suspect; ``version`` is its present identity.

        Nothing happens to one that is gone, or registered at another URL by now.
        """
