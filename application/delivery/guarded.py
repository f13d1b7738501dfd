"""Reading through plugins without trusting them: in time, of the right identity and length, or an error (DESIGN 5.7).

What a kernel sends by itself (zero copy) is outside of this: nobody here sees those reads.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs

from application.errors import CopyChanged, CopyMisread, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus, Storage
from domain.file import FileLocation

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Deadlines:
    """How long a storage may take to open a copy, and to answer each read. ``timeout`` is replaced by tests."""

    open_seconds: float = 10.0
    read_seconds: float = 20.0
    timeout: Callable[[float], asyncio.Timeout] = asyncio.timeout


async def open_guarded(storage: Storage, location: FileLocation, size_bytes: int, deadlines: Deadlines) -> ByteSource:
    """Open a copy and hold it to its record: size always, identity where one is registered.

    Raises ``LocationRefused`` and ``StorageUnavailable``, whatever the plugin raises.
    """
    source: ByteSource | None = None
    try:
        async with deadlines.timeout(deadlines.open_seconds):
            source = await storage.open(location, size_bytes)
    except (StorageUnavailable, LocationRefused):
        raise
    except TimeoutError as error:
        if source is not None:
            await GuardedSource(source, deadlines).aclose()
        raise StorageUnavailable(f"The storage did not open the copy in {deadlines.open_seconds:g} s.") from error
    except Exception as error:
        # A plugin is foreign code: whatever it raises, another copy may do.
        raise _failed("open", error) from error
    guarded = GuardedSource(source, deadlines)
    try:
        _require_identity(guarded.status, location, size_bytes)
    except StorageUnavailable:
        await guarded.aclose()
        raise
    return guarded


async def check_guarded(storage: Storage, url: str, deadlines: Deadlines) -> CopyStatus:
    """Ask for size and identity of an object.

    Raises ``LocationRefused`` and ``StorageUnavailable``, whatever the plugin raises.
    """
    try:
        async with deadlines.timeout(deadlines.open_seconds):
            return await storage.check(url)
    except (StorageUnavailable, LocationRefused):
        raise
    except TimeoutError as error:
        raise StorageUnavailable(f"The storage did not answer in {deadlines.open_seconds:g} s.") from error
    except Exception as error:
        raise _failed("look at", error) from error


@attrs.define(eq=False)
class GuardedSource(ByteSource):
    """An opened copy whose answers are checked: a read is in time and of a right length, or the copy has failed."""

    _source: ByteSource
    _deadlines: Deadlines

    @property
    def status(self) -> CopyStatus:
        return self._source.status

    @property
    def file_descriptor(self) -> int | None:
        return self._source.file_descriptor

    @property
    def may_hang(self) -> bool:
        return self._source.may_hang

    async def read(self, offset: int, length: int) -> bytes:
        data: object = await self._in_time("read", lambda: self._source.read(offset, length))
        if not isinstance(data, bytes) or not 0 < len(data) <= length:
            found = f"{len(data)} bytes" if isinstance(data, bytes) else type(data).__name__
            raise CopyMisread(f"The storage's plugin returned {found} where 1 to {length} bytes were asked for.")
        return data

    async def check_unchanged(self) -> None:
        await self._in_time("look at", self._source.check_unchanged)

    async def aclose(self) -> None:
        """Release what is held, as far as the plugin does so in time."""
        try:
            await self._in_time("close", self._source.aclose)
        except StorageUnavailable:
            # There is nothing left to do for this copy, and nobody who could do it.
            return

    async def _in_time(self, doing: str, work: Callable[[], Awaitable[T]]) -> T:
        try:
            async with self._deadlines.timeout(self._deadlines.read_seconds):
                return await work()
        except StorageUnavailable:
            raise
        except TimeoutError as error:
            raise StorageUnavailable(
                f"The storage did not {doing} the copy in {self._deadlines.read_seconds:g} s."
            ) from error
        except Exception as error:
            raise _failed(doing, error) from error


def _require_identity(status: CopyStatus, location: FileLocation, size_bytes: int) -> None:
    if status.size_bytes != size_bytes:
        raise CopyChanged(f"The copy has {status.size_bytes} bytes, not {size_bytes}.")
    if location.version is not None and status.version != location.version:
        raise CopyChanged("The copy is not the one that was registered.")


def _failed(doing: str, error: Exception) -> StorageUnavailable:
    return StorageUnavailable(f"The storage's plugin failed to {doing} the copy: {type(error).__name__}.")
