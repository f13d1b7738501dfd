"""The bytes of a zip archive's member in order or by offset: copied as they are stored, or inflated (APPNOTE 4.4.5).

Inflating is work for a processor. The event loop does as much of it as takes no time; the rest is done in few threads,
a step at a time, so that whoever reads far into a member has to wait for their turn and holds up nobody else.
"""

import asyncio
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import attrs

from adapters.storage.zip_directory import STORED, ZipMember
from adapters.storage.zip_end import read_exactly
from application.errors import CopyChanged
from application.ports.storage import ByteSource

INPUT_BYTES = 64 * 1024
LOOP_BYTES = 64 * 1024
"""What the event loop inflates itself; asking a thread costs as much."""
STEP_BYTES = 1024 * 1024
"""What a thread inflates in one turn: some milliseconds. A reader that was given up costs no more than this."""

_inflaters = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="inflate")


@attrs.define(eq=False)
class _Checksum:
    """The checksum of a member's bytes in order, compared at its end."""

    _member: ZipMember
    position: int = 0
    crc32: int = 0

    def take(self, data: bytes) -> None:
        """The next bytes. Raises ``CopyChanged`` when they were the last and something was wrong."""
        self.follow(len(data), zlib.crc32(data, self.crc32))

    def follow(self, count: int, crc32: int) -> None:
        """The same for ``count`` bytes with which the checksum has become this."""
        self.crc32, self.position = crc32, self.position + count
        if self.is_whole and self.crc32 != self._member.crc32:
            raise CopyChanged("The bytes of the archive's member do not have its checksum.")

    @property
    def is_whole(self) -> bool:
        return self.position == self._member.size_bytes


@attrs.define(eq=False)
class StoredReader:
    """Ranges by offset. Readings from the start on are followed by the checksum, others are not."""

    _archive: ByteSource
    _member: ZipMember
    _checksum: _Checksum = attrs.field(init=False)
    is_proven: bool = False

    def __attrs_post_init__(self) -> None:
        self._checksum = _Checksum(self._member)

    async def read(self, offset: int, length: int) -> bytes:
        """At least one and at most ``length`` bytes. Raises ``StorageUnavailable`` or a leaf of it."""
        data = await self._archive.read(self._member.data_offset + offset, length)
        if not data:
            raise CopyChanged("The archive is shorter than when it was opened.")
        if offset == 0:
            self._checksum = _Checksum(self._member)
        if offset == self._checksum.position:
            self._checksum.take(data)
            self.is_proven = self.is_proven or self._checksum.is_whole
        return data


@attrs.define(eq=False)
class InflatingReader:
    """A stream that is read on, or begun again. Ranges that are asked for at once wait for one another.

    Whoever is cancelled stops the inflation after the step that is under way.
    """

    _archive: ByteSource
    _member: ZipMember
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _checksum: _Checksum = attrs.field(init=False)
    _inflater: "zlib._Decompress" = attrs.field(init=False)
    _taken: int = attrs.field(init=False)
    """How many compressed bytes were read of the archive."""
    _input: bytes = attrs.field(init=False)
    is_proven: bool = False

    def __attrs_post_init__(self) -> None:
        self._restart()

    async def read(self, offset: int, length: int) -> bytes:
        """At least one and at most ``length`` bytes. Raises ``StorageUnavailable`` or a leaf of it."""
        async with self._lock:
            if offset < self._checksum.position:
                self._restart()
            while (gap := offset - self._checksum.position) > 0:
                await self._inflate(min(gap, STEP_BYTES))
            return await self._inflate(min(length, STEP_BYTES))

    def _restart(self) -> None:
        self._checksum, self._inflater = _Checksum(self._member), zlib.decompressobj(-zlib.MAX_WBITS)
        self._taken, self._input = 0, b""

    async def _inflate(self, length: int) -> bytes:
        """At least one and at most ``length`` of the next bytes."""
        is_much = length > LOOP_BYTES
        while True:
            left = self._member.compressed_bytes - self._taken
            if not self._input and left:
                # Nothing changes here before the bytes have come: whoever is cancelled meanwhile leaves no trace.
                self._input = await read_exactly(
                    self._archive, self._member.data_offset + self._taken, min(left, INPUT_BYTES)
                )
                self._taken += len(self._input)
                left -= len(self._input)
            try:
                data, crc32 = await self._step(length, is_much=is_much)
            except zlib.error as error:
                self._restart()
                raise CopyChanged("The bytes of the archive's member cannot be inflated.") from error
            self._input = self._inflater.unconsumed_tail
            if data:
                self._follow(data, crc32)
                return data
            if self._inflater.eof or not (left or self._input):
                self._restart()
                raise CopyChanged("The archive's member inflates to fewer bytes than it should.")
            # Input without output: there may be any amount of it.
            is_much = True

    async def _step(self, length: int, *, is_much: bool) -> tuple[bytes, int]:
        step = partial(_inflated, self._inflater, self._input, length, self._checksum.crc32)
        if not is_much:
            return step()
        try:
            return await asyncio.get_running_loop().run_in_executor(_inflaters, step)
        except asyncio.CancelledError:
            # A thread may be at work on these; the next reading has its own.
            self._restart()
            raise

    def _follow(self, data: bytes, crc32: int) -> None:
        try:
            self._checksum.follow(len(data), crc32)
        except CopyChanged:
            self._restart()
            raise
        self.is_proven = self.is_proven or self._checksum.is_whole


Reader = StoredReader | InflatingReader


def reader_of(archive: ByteSource, member: ZipMember) -> Reader:
    """A reader of its own, at the member's start."""
    return StoredReader(archive, member) if member.method == STORED else InflatingReader(archive, member)


def _inflated(inflater: "zlib._Decompress", data: bytes, length: int, crc32: int) -> tuple[bytes, int]:
    """The next bytes, and the checksum with them."""
    inflated = inflater.decompress(data, length)
    return inflated, zlib.crc32(inflated, crc32)
