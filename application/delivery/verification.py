"""Hashing bytes as they leave, and whole copies before their parts leave (DESIGN section 5, integrity)."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial

import attrs

from application.delivery.copies import Copies, OpenCopy
from application.errors import CopyChanged, LocationRefused, StorageUnavailable
from application.ports.clock import Clock
from domain import digest
from domain.file import ArchiveFile

READ_BYTES = 1024 * 1024

Pace = Callable[[int], Awaitable[None]]
"""Told how many bytes were just read; returns when the next ones may be."""

Reopen = Callable[[], Awaitable[OpenCopy]]


class CopyCorrupt(StorageUnavailable):
    """The bytes do not have the registered checksum."""

    code = "copy-corrupt"


@attrs.define(eq=False)
class StreamDigest:
    """The digest of a stream, computed in a thread beside the sending, never more than one chunk behind."""

    _file: ArchiveFile
    _hasher: digest.Hasher
    _behind: "asyncio.Future[None] | None" = None

    @classmethod
    def of(cls, file: ArchiveFile) -> "StreamDigest | None":
        """A digest for this file, or ``None`` when its algorithm cannot be computed here."""
        hasher = digest.hasher(file.algorithm)
        return None if hasher is None else cls(file, hasher)

    async def feed(self, data: bytes) -> None:
        """Start to hash ``data``; waits for the chunk before it."""
        await self._caught_up()
        self._behind = asyncio.get_running_loop().run_in_executor(None, self._hasher.update, data)

    async def check(self) -> None:
        """Raise ``CopyCorrupt`` unless everything fed so far has the registered checksum."""
        await self._caught_up()
        if not digest.matches(self._hasher.hexdigest(), self._file.checksum):
            raise CopyCorrupt(f"The bytes do not have the registered {self._file.algorithm} checksum.")

    async def _caught_up(self) -> None:
        if self._behind is not None:
            await self._behind
            self._behind = None


@attrs.define(eq=False)
class VerifiedCopies:
    """Copies that were hashed in full and found right, by identity; kept for ``lifetime_seconds`` in this process.

    A part of a file cannot be verified by itself, so a storage that verifies serves ranges only from copies known here.
    """

    _clock: Clock
    _lifetime_seconds: float = 3600.0
    _capacity: int = 100_000
    _verified_at: "OrderedDict[Hashable, float]" = attrs.field(factory=OrderedDict)
    _in_progress: "dict[Hashable, asyncio.Task[None]]" = attrs.field(factory=dict)

    def remember(self, opened: OpenCopy) -> None:
        """The copy has just been read in full and is right."""
        key = _identity(opened)
        self._verified_at.pop(key, None)
        self._verified_at[key] = self._clock.monotonic()
        if len(self._verified_at) > self._capacity:
            self._verified_at.popitem(last=False)

    async def ensure(self, file: ArchiveFile, opened: OpenCopy, reopen: Reopen) -> None:
        """Have the copy read in full unless that was done lately; parallel callers share one reading.

        The reading uses a source of its own (``reopen``), because the caller may leave before it ends.
        Raises ``CopyCorrupt`` and what opening and reading raise. Does nothing for an algorithm unknown here.
        """
        key = _identity(opened)
        verified = self._verified_at.get(key)
        if verified is not None and self._clock.monotonic() - verified < self._lifetime_seconds:
            return
        task = self._in_progress.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._verify(file, key, reopen))
            self._in_progress[key] = task
            task.add_done_callback(_outcome_is_for_waiters)
        await asyncio.shield(task)

    async def aclose(self) -> None:
        """Stop readings in progress."""
        running = list(self._in_progress.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _verify(self, file: ArchiveFile, key: Hashable, reopen: Reopen) -> None:
        try:
            opened = await reopen()
            try:
                if _identity(opened) != key:
                    raise CopyChanged("The copy was replaced while it was opened.")
                await read_and_check(file, opened)
                self.remember(opened)
            finally:
                await opened.source.aclose()
        finally:
            del self._in_progress[key]


async def open_right(copies: Copies, verified: VerifiedCopies, *, is_part: bool) -> OpenCopy:
    """The next copy that opens and, where only a part of its bytes will leave, is right as a whole if that is wanted.

    Raises what ``Copies.open_next`` raises when no copy is left.
    """
    while True:
        opened = await copies.open_next()
        if not (opened.verify and is_part):
            return opened
        try:
            await verified.ensure(copies.file, opened, partial(copies.reopen, opened))
        except (CopyCorrupt, CopyChanged) as error:
            await copies.give_up(opened, error, suspect=True)
        except (StorageUnavailable, LocationRefused) as error:
            await copies.give_up(opened, error)
        except BaseException:
            await opened.source.aclose()
            raise
        else:
            return opened


async def at_once(_count: int) -> None:
    """The pace of whoever waits for the result: none."""


async def read_and_check(file: ArchiveFile, opened: OpenCopy, pace: Pace = at_once) -> None:
    """Read a copy from the first byte to the last, awaiting ``pace`` with the size of each read.

    Raises ``CopyCorrupt`` and what reading and ``pace`` raise.
    """
    stream = StreamDigest.of(file)
    if stream is None:
        return
    offset = 0
    while offset < file.size_bytes:
        data = await opened.source.read(offset, min(READ_BYTES, file.size_bytes - offset))
        await stream.feed(data)
        offset += len(data)
        await pace(len(data))
    await stream.check()
    await opened.source.check_unchanged()


def _identity(opened: OpenCopy) -> Hashable:
    location, status = opened.copy.location, opened.source.status
    return location.tenant, location.checksum, location.storage, location.url, status.version, status.size_bytes


def _outcome_is_for_waiters(task: "asyncio.Task[None]") -> None:
    """A failed reading whose callers have all left is nobody's news."""
    if not task.cancelled():
        task.exception()
