"""Reading one member of a zip archive that any storage has opened.

A stored member is read by offset, by any number of readers at once. A deflated one is inflated as it is read, in
bounded memory: reading on is cheap, a range further on costs the inflation of what lies between, and a range further
back costs the inflation from the member's start. The checksum in the archive's directory is compared before the last
byte of a member that is read through is handed out; members of up to ``SMALL_MEMBER_BYTES`` are always read through.
"""

import asyncio
import zlib

import attrs

from adapters.storage.zip_directory import STORED, ZipMember, find_member
from adapters.storage.zip_end import read_exactly
from application.errors import CopyChanged
from application.ports.storage import ByteSource, CopyStatus

SMALL_MEMBER_BYTES = 64 * 1024
"""Members of up to this size are read at once, checked, and kept while they are open."""
INPUT_BYTES = 64 * 1024
SKIP_BYTES = 64 * 1024


async def open_member(archive: ByteSource, name: str, size_bytes: int | None) -> ByteSource:
    """A member of an archive as a copy of its own. The archive's source is closed with it, and on failure.

    Raises ``CopyMissing`` when there is no such member, ``CopyChanged`` when it has another size, ``CopyMisread`` when
    the archive is damaged or being written, ``LocationRefused`` for an encrypted member or an unusual compression.
    """
    try:
        member = await find_member(archive, name)
        if size_bytes not in {None, member.size_bytes}:
            raise CopyChanged(f"The member of the archive has {member.size_bytes} bytes, not {size_bytes}.")
        if member.size_bytes == 0 and member.crc32 != 0:
            raise CopyChanged("The member of the archive has lost its bytes.")
    except BaseException:
        await archive.aclose()
        raise
    return _MemberSource(archive, member)


@attrs.define(eq=False)
class _MemberSource(ByteSource):
    """An opened member. What was read through once is proven; else a change of the archive has it read through."""

    _archive: ByteSource
    _member: ZipMember
    _reader: "_StoredReader | _InflatingReader" = attrs.field(init=False)
    _whole: bytes | None = None
    _is_open: bool = True

    def __attrs_post_init__(self) -> None:
        self._reader = _reader(self._archive, self._member)

    @property
    def status(self) -> CopyStatus:
        return CopyStatus(size_bytes=self._member.size_bytes, version=self._member.version)

    @property
    def file_descriptor(self) -> int | None:
        return None

    async def read(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self._member.size_bytes:
            raise CopyChanged("The member of the archive is shorter than that.")
        length = min(length, self._member.size_bytes - offset)
        if self._member.size_bytes > SMALL_MEMBER_BYTES:
            return await self._reader.read(offset, length)
        if self._whole is None:
            self._whole = await _read_through(_reader(self._archive, self._member), self._member.size_bytes)
        return self._whole[offset : offset + length]

    async def check_unchanged(self) -> None:
        try:
            await self._archive.check_unchanged()
        except CopyChanged:
            # An archive that grows changes all the time; the members that it had stay where they are.
            is_proven = self._whole is not None or self._reader.is_proven
            if not is_proven and self._member.size_bytes:
                await _look_through(_reader(self._archive, self._member), self._member.size_bytes)

    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            self._whole = None
            await self._archive.aclose()


def _reader(archive: ByteSource, member: ZipMember) -> "_StoredReader | _InflatingReader":
    return _StoredReader(archive, member) if member.method == STORED else _InflatingReader(archive, member)


async def _read_through(reader: "_StoredReader | _InflatingReader", size_bytes: int) -> bytes:
    whole = bytearray()
    while len(whole) < size_bytes:
        whole += await reader.read(len(whole), size_bytes - len(whole))
    return bytes(whole)


async def _look_through(reader: "_StoredReader | _InflatingReader", size_bytes: int) -> None:
    done = 0
    while done < size_bytes:
        done += len(await reader.read(done, min(SKIP_BYTES, size_bytes - done)))
        await asyncio.sleep(0)


@attrs.define(eq=False)
class _Checksum:
    """The checksum of a member's bytes in order, compared at its end."""

    _member: ZipMember
    position: int = 0
    _crc32: int = 0

    def take(self, data: bytes) -> None:
        """The next bytes. Raises ``CopyChanged`` when they were the last and something was wrong."""
        self._crc32 = zlib.crc32(data, self._crc32)
        self.position += len(data)
        if self.is_whole and self._crc32 != self._member.crc32:
            raise CopyChanged("The bytes of the archive's member do not have its checksum.")

    @property
    def is_whole(self) -> bool:
        return self.position == self._member.size_bytes


@attrs.define(eq=False)
class _StoredReader:
    """Ranges by offset. Readings from the start on are followed by the checksum, others are not."""

    _archive: ByteSource
    _member: ZipMember
    _checksum: _Checksum = attrs.field(init=False)
    is_proven: bool = False

    def __attrs_post_init__(self) -> None:
        self._checksum = _Checksum(self._member)

    async def read(self, offset: int, length: int) -> bytes:
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
class _InflatingReader:
    """A stream that is read on, or begun again. Ranges that are asked for at once wait for one another."""

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
        async with self._lock:
            if offset < self._checksum.position:
                self._restart()
            while (gap := offset - self._checksum.position) > 0:
                await self._inflate(min(gap, SKIP_BYTES))
                await asyncio.sleep(0)
            return await self._inflate(length)

    def _restart(self) -> None:
        self._checksum, self._inflater = _Checksum(self._member), zlib.decompressobj(-zlib.MAX_WBITS)
        self._taken, self._input = 0, b""

    async def _inflate(self, length: int) -> bytes:
        """At least one and at most ``length`` of the next bytes."""
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
                data = self._inflater.decompress(self._input, length)
            except zlib.error as error:
                self._restart()
                raise CopyChanged("The bytes of the archive's member cannot be inflated.") from error
            self._input = self._inflater.unconsumed_tail
            if data:
                self._take(data)
                return data
            if self._inflater.eof or not (left or self._input):
                self._restart()
                raise CopyChanged("The archive's member inflates to fewer bytes than it should.")

    def _take(self, data: bytes) -> None:
        try:
            self._checksum.take(data)
        except CopyChanged:
            self._restart()
            raise
        self.is_proven = self.is_proven or self._checksum.is_whole
