"""Where one file is saved: its name in the folder, and the checksum that it must have there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import httpx

from entrypoints.client.folder import Digest, Folder, NameTaken, Part, safe_name
from entrypoints.client.heads import digest_in, name_of
from entrypoints.client.listing import Wanted


class AlreadyThere(Exception):
    """The file is in the folder already."""


@attrs.define(eq=False)
class Target:
    """Name and checksum are those of the catalogue, else those that the answer tells."""

    wanted: Wanted
    folder: Folder
    digest: Digest | None = None
    _path: Path | None = None

    @property
    def path(self) -> Path:
        """The file under its name."""
        assert self._path is not None, "asked for after the file has a name"
        return self._path

    def claim(self) -> None:
        """Take what the catalogue gives."""
        self.digest = self.wanted.digest
        if self.wanted.name is not None:
            self._claim(self.wanted.name)

    async def look(self) -> None:
        """Raise ``AlreadyThere`` when the folder has it, ``NameTaken`` when it has something else of this name."""
        if self._path is None or self.digest is None:
            return
        if await asyncio.to_thread(self.folder.has, self._path, self.digest):
            raise AlreadyThere
        if self.folder.is_taken(self._path):
            raise NameTaken(self.folder.in_the_way(self._path))

    async def learn(self, answers: Sequence[httpx.Response]) -> None:
        """Take what the answers give, the last before those that led to it. Raises what ``look`` raises."""
        if self.wanted.digest is None:
            self.digest = next((digest for digest in map(digest_in, answers) if digest is not None), self.digest)
        if self._path is None:
            told = next((name for name in map(name_of, answers) if name is not None), None)
            self._claim(told or self._last_segment)
        if self.wanted.digest is None:
            await self.look()
            if self.folder.is_taken(self.path):
                raise NameTaken(self.folder.in_the_way(self.path))

    async def keep(self, part: Part) -> None:
        """Give the part its name. Raises ``NameTaken``, and ``OSError`` of the disk."""
        if self._path is None:
            self._claim(self._last_segment)
        await asyncio.to_thread(self.folder.keep, part, self.path, self.digest)

    def _claim(self, name: str) -> None:
        plain = safe_name(name, otherwise=safe_name(self.wanted.checksum or "", otherwise="download"))
        self._path = self.folder.claim(plain, self.wanted.identity)

    @property
    def _last_segment(self) -> str:
        return self.wanted.checksum or unquote(urlsplit(self.wanted.url).path).rsplit("/", 1)[-1]
