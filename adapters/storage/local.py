"""The Local storage: files on a mounted disk (contract-downloader section 8.3)."""

import errno
import os
from collections.abc import Callable
from typing import ClassVar, TypeVar

import attrs

from adapters.storage.disk_threads import DiskThreads
from adapters.storage.fence import Fence
from adapters.storage.local_archives import PAUSES_SECONDS, LocalPlace, member_url, open_growing
from adapters.storage.local_paths import open_in_root
from adapters.storage.plugin import PluginEnvironment, StoragePlugin, parameter
from application.errors import CopyChanged, StorageUnavailable
from application.ports.storage import ArchivingStorage, ByteSource, CopyStatus, Storage
from domain.errors import InvalidValue
from domain.file import FileLocation
from domain.storage_location import StorageType

Result = TypeVar("Result")

_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)
_NO_NOWAIT = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})
"""What file systems answer that cannot say whether a read would wait."""


def _absolute(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if not value.startswith("/") or "\x00" in value:
        raise InvalidValue("Storage_URL must be an absolute path.")


@attrs.frozen(kw_only=True)
class LocalParameters:
    """Parameters by upstream's names; those that only concern storing are accepted and unused, since we only read."""

    root: str = parameter("Storage_URL", "STRING", "Folder that holds the files, absolute.", validator=_absolute)
    delete_option: bool = parameter("Local_Delete_Option", "BOOLEAN", "Unused: nothing is deleted.", default=False)
    zip_below: int = parameter(
        "Local_Storage_Max_File_Size_For_Zip", "LONG", "Unused: nothing is stored. Bytes.", default=1000
    )
    zip_size: int = parameter(
        "Local_Storage_Max_Zip_Size", "LONG", "Unused: nothing is stored. Bytes.", default=500_000_000
    )
    naming: str = parameter("File_Naming_Strategy", "STRING", "Unused: nothing is stored.", default="CHECKSUM")


@attrs.frozen
class LocalStorage(Storage, ArchivingStorage):
    """Reads files under one root, and members of zip archives there; nothing outside it or behind the fence.

    Many read an archive at once, without locks, also while members are added to it.
    """

    root: str
    fence: Fence = attrs.field(factory=Fence)
    pauses_seconds: tuple[float, ...] = PAUSES_SECONDS
    threads: DiskThreads = attrs.field(factory=DiskThreads, eq=False, repr=False)

    def validate_url(self, url: str) -> None:
        LocalPlace.of(url, self.root)

    async def probe(self) -> None:
        if not await self.threads.run(os.access, self.root, os.R_OK | os.X_OK):
            raise StorageUnavailable("The folder of the storage is not there, or may not be read.")

    def member_url(self, url: str, checksum: str) -> str:
        return member_url(url, self.root, checksum)

    async def check(self, url: str) -> CopyStatus:
        source = await self._open(LocalPlace.of(url, self.root), None)
        try:
            return source.status
        finally:
            await source.aclose()

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        url = self.member_url(location.url, location.checksum)
        source = await self._open(LocalPlace.of(url, self.root), size_bytes)
        if source.status.size_bytes != size_bytes or location.version not in (None, source.status.version):
            await source.aclose()
            raise CopyChanged("The file on disk is not the one that was registered.")
        return source

    async def _open(self, place: LocalPlace, size_bytes: int | None) -> ByteSource:
        async def file() -> ByteSource:
            return await open_local(LocalByteSource, place.path, self.root, self.fence, self.threads)

        if place.member is None:
            return await file()
        return await open_growing(file, place.member, size_bytes, self.pauses_seconds)


@attrs.define(eq=False)
class LocalByteSource(ByteSource):
    """An open file. The descriptor pins the inode; size and modification time are compared again before the end.

    A reading that was given up may still wait for a disk that hangs: the descriptor is closed after the last of them,
    so that no thread ever finds another file under its number.
    """

    _descriptor: int
    _status: CopyStatus
    _threads: DiskThreads = attrs.field(factory=DiskThreads)
    _may_hang: bool = False
    _is_open: bool = True
    _readings: int = 0

    @property
    def status(self) -> CopyStatus:
        return self._status

    @property
    def file_descriptor(self) -> int | None:
        return self._descriptor

    @property
    def may_hang(self) -> bool:
        return self._may_hang

    async def read(self, offset: int, length: int) -> bytes:
        try:
            data = _read_cached(self._descriptor, offset, length)
            if data is None:
                # A cache miss waits for the disk: in a thread, so that nobody else waits with it.
                data = await self._in_thread(os.pread, self._descriptor, length, offset)
        except OSError as error:
            raise StorageUnavailable(f"The disk could not be read ({error.strerror}).") from error
        if not data:
            raise CopyChanged("The file on disk is shorter than when it was opened.")
        return data

    async def check_unchanged(self) -> None:
        descriptor = self._descriptor
        present = await self._in_thread(_status, descriptor) if self._may_hang else _status(descriptor)
        if present != self._status:
            raise CopyChanged("The file on disk was changed while it was read.")

    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            self._close_when_idle()

    async def _in_thread(self, function: Callable[..., Result], *arguments: object) -> Result:
        self._readings += 1
        return await self._threads.run(function, *arguments, ended=self._reading_ended)

    def _reading_ended(self) -> None:
        self._readings -= 1
        if not self._is_open:
            self._close_when_idle()

    def _close_when_idle(self) -> None:
        if not self._readings:
            os.close(self._descriptor)


Source = TypeVar("Source", bound=LocalByteSource)


async def open_local(kind: type[Source], path: str, root: str, fence: Fence, threads: DiskThreads) -> Source:
    """A file below a root as a source of this kind. Raises ``LocationRefused`` and ``StorageUnavailable``."""

    def opened() -> tuple[int, CopyStatus, bool]:
        descriptor = open_in_root(path, root, fence)
        return descriptor, _status(descriptor), _may_hang(descriptor)

    descriptor, status, may_hang = await threads.run(opened, undo=lambda found: os.close(found[0]))
    return kind(descriptor, status, threads, may_hang)


@attrs.frozen
class LocalPlugin(StoragePlugin):
    """Upstream's ``Local`` plugin, reading only."""

    plugin_id: ClassVar[str] = "Local"
    version: ClassVar[str] = "1.0.0"
    description: ClassVar[str] = "Files in a folder of a mounted disk."
    storage_type: ClassVar[StorageType] = StorageType.ONLINE
    parameters: ClassVar[type] = LocalParameters

    @classmethod
    def build(cls, parameters: LocalParameters, environment: PluginEnvironment) -> Storage:
        return LocalStorage(parameters.root, environment.fence)

    @classmethod
    def local_folders(cls, parameters: LocalParameters) -> tuple[str, ...]:
        return (parameters.root,)


def _status(descriptor: int) -> CopyStatus:
    found = os.fstat(descriptor)
    return CopyStatus(size_bytes=found.st_size, version=f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}")


def _may_hang(descriptor: int) -> bool:
    """Whether the file system cannot say if a read would wait, as those of networks cannot: nobody waits in a loop."""
    if _NOWAIT is None:
        return True
    try:
        os.preadv(descriptor, [bytearray(1)], 0, _NOWAIT)
    except OSError as error:
        return error.errno in _NO_NOWAIT
    return False


def _read_cached(descriptor: int, offset: int, length: int) -> bytes | None:
    """The bytes if the page cache has them, else ``None`` (guides: performance, chunk path)."""
    if _NOWAIT is None:
        return None
    buffer = bytearray(length)
    try:
        count = os.preadv(descriptor, [buffer], offset, _NOWAIT)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno in _NO_NOWAIT:
            return None
        raise
    return bytes(buffer[:count]) if count < length else bytes(buffer)
