"""The internal cache: restored files in a folder of our own disk (contract-downloader section 7.4).

Files lie in upstream's layout, ``<folder>/<tenant>/<c0c1>/<c2c3>/<c4c5>/<checksum>``, so that both may share a volume.
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import attrs

from adapters.storage.disk_threads import DiskThreads
from adapters.storage.fence import Fence
from adapters.storage.local import LocalStorage
from adapters.storage.local_paths import path_in_root
from application.errors import CopyChanged, LocationRefused, StorageUnavailable
from application.ports.cache import Cache, Filled, Lying
from application.ports.storage import ByteSource, Storage
from domain.digest import Hasher, hasher, matches
from domain.file import ArchiveFile

Result = TypeVar("Result")

_PLAIN = re.compile(r"[0-9A-Za-z_-]{7,128}")
"""Checksums that are names of files as they are; short ones could be both a folder and a file."""
_TEMPORARY = ".part"
_MARK = ".rs-downloader-cache"
"""An empty file that says that everything in the folder is the cache's, and may be removed when no record names it."""
_NOBODYS = frozenset({"lost+found"})
"""What an empty file system has."""
_PIECE = 1024 * 1024
_PAGE = 500


@attrs.frozen
class DiskCache(Cache):
    """The folder of the cache. Nothing outside of it is ever written or removed.

    A folder that was empty when the cache began with it is the cache's. In one that was not, nothing is written, and
    nothing is removed but what records name: it may be somebody's archive.
    """

    _root: str
    _threads: DiskThreads = attrs.field(factory=DiskThreads, eq=False, repr=False)

    def storage(self) -> Storage:
        """What reads it. Only this storage may: the folder is behind the fence for all others."""
        return LocalStorage(self._root, Fence())

    def folder(self, tenant: str) -> str:
        return str(Path(self._root) / _name_of_tenant(tenant))

    def url_of(self, file: ArchiveFile) -> str:
        return _url(self._place(file))

    async def fill(self, file: ArchiveFile, source: ByteSource, progressed: Callable[[int], None]) -> Filled:
        place = self._place(file)
        temporary = place.with_name(f"{place.name}.{secrets.token_hex(8)}{_TEMPORARY}")
        digest = hasher(file.algorithm)
        descriptor = await self._disk(
            _begun, self._root, place, temporary, undo=lambda opened: _undone(opened, temporary)
        )
        try:
            count = 0
            while count < file.size_bytes:
                data = await source.read(count, min(_PIECE, file.size_bytes - count))
                await self._to_its_end(_written, descriptor, data, digest)
                count += len(data)
                progressed(count)
            await source.check_unchanged()
            if digest is not None and not matches(digest.hexdigest(), file.checksum):
                raise CopyChanged("What the storage restored does not have the checksum of the file.")
            await self._to_its_end(os.fsync, descriptor)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        finally:
            os.close(descriptor)
        return Filled(temporary=str(temporary), url=_url(place))

    async def publish(self, filled: Filled) -> None:
        await self._disk(_published, Path(filled.temporary), Path(path_in_root(filled.url, self._root)))

    async def discard(self, filled: Filled) -> None:
        await self._disk(_removed, Path(filled.temporary))

    async def remove(self, url: str) -> None:
        if (place := self._own(url)) is not None:
            await self._disk(_removed, place)

    async def size_of(self, url: str) -> int | None:
        place = self._own(url)
        return None if place is None else await self._disk(_size, place)

    async def scan(self) -> AsyncIterator[Lying]:
        walk = _walked(Path(self._root))
        while page := await self._disk(_next_page, walk):
            for lying in page:
                yield lying

    def _own(self, url: str) -> Path | None:
        """The place that a record names; none when the operator has moved the cache elsewhere since."""
        try:
            return Path(path_in_root(url, self._root))
        except LocationRefused:
            return None

    def _place(self, file: ArchiveFile) -> Path:
        name = file.checksum
        if not _PLAIN.fullmatch(name):
            name = "name-" + hashlib.sha256(name.encode()).hexdigest()
        return Path(self.folder(file.tenant), name[0:2], name[2:4], name[4:6], name)

    async def _disk(
        self, function: Callable[..., Result], *arguments: object, undo: Callable[[Result], object] | None = None
    ) -> Result:
        """Run a call in a disk thread. Raises ``StorageUnavailable`` for whatever the disk says."""
        try:
            return await self._threads.run(function, *arguments, undo=undo)
        except OSError as error:
            raise StorageUnavailable(f"The cache could not be used ({error.strerror}).") from error

    async def _to_its_end(self, function: Callable[..., object], *arguments: object) -> None:
        """The same for a call that must have ended before the caller goes on, also when the caller is cancelled.

        A descriptor that is closed while a thread writes to it may be somebody else's by then.
        """
        call = asyncio.ensure_future(self._disk(function, *arguments))
        try:
            await asyncio.shield(call)
        except asyncio.CancelledError:
            while not call.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait((call,))
            raise


def _name_of_tenant(tenant: str) -> str:
    # The names of tenants have only letters, digits, '-' and '_'; this keeps whatever else came from leading out.
    return quote(tenant, safe="").replace(".", "%2E")


def _url(place: Path) -> str:
    return place.absolute().as_uri()


def _begun(root: str, place: Path, temporary: Path) -> int:
    """An open temporary file; what earlier attempts left of the same file is gone."""
    _claim(Path(root))
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(f"{place.name}.*{_TEMPORARY}"):
        _removed(left)
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)


def _claim(root: Path) -> None:
    """Take an empty folder for the cache. Raises ``StorageUnavailable`` for one with files of somebody else."""
    root.mkdir(parents=True, exist_ok=True)
    mark = root / _MARK
    if mark.exists():
        return
    # Another process may have taken it for the same cache meanwhile.
    if any(found.name not in _NOBODYS for found in root.iterdir()) and not mark.exists():
        raise StorageUnavailable(
            "The folder of the cache (RS_DOWNLOADER_CACHE_DIR) holds files that are not the cache's: give it an empty "
            f"one, or, if everything in it may be removed, make an empty file {_MARK} in it."
        )
    mark.touch()


def _undone(descriptor: int, temporary: Path) -> None:
    os.close(descriptor)
    _removed(temporary)


def _written(descriptor: int, data: bytes, digest: Hasher | None) -> None:
    if digest is not None:
        digest.update(data)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _published(temporary: Path, place: Path) -> None:
    temporary.replace(place)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _removed(place: Path) -> None:
    place.unlink(missing_ok=True)


def _size(place: Path) -> int | None:
    try:
        return place.stat(follow_symlinks=False).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _walked(root: Path) -> Iterator[Lying]:
    if not (root / _MARK).exists():
        return
    for folder, _, names in os.walk(root):
        parts = Path(folder).relative_to(root).parts
        for name in sorted(names) if parts else ():
            place = Path(folder, name)
            with suppress(FileNotFoundError):
                found = place.stat(follow_symlinks=False)
                yield Lying(
                    tenant=parts[0],
                    url=_url(place),
                    size_bytes=found.st_size,
                    changed_at=datetime.fromtimestamp(found.st_mtime, UTC),
                    is_temporary=name.endswith(_TEMPORARY),
                )


def _next_page(walk: Iterator[Lying]) -> list[Lying]:
    return [lying for _, lying in zip(range(_PAGE), walk, strict=False)]
