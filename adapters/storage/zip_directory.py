"""Finding one member of a zip archive, without believing any length that the archive states about itself.

What does not fit together is ``CopyMisread``: the archive is damaged, or is being written at this moment.
"""

import asyncio
import struct
from array import array
from collections.abc import Iterator

import attrs

from adapters.storage.zip_end import Directory, find_directory, read_exactly
from application.errors import CopyMisread, CopyMissing, LocationRefused
from application.ports.storage import ByteSource

STORED, DEFLATED = 0, 8
WINDOW = 256 * 1024
"""How much of the directory is held at a time; more than the largest entry."""

_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_IN_ZIP64 = 0xFFFFFFFF
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_PATCHED = 0x0020
_UTF8 = 0x0800


@attrs.frozen(kw_only=True)
class ZipMember:
    """Where a member's data lie in the archive, and what must come out of them."""

    name: str
    method: int
    crc32: int
    compressed_bytes: int
    size_bytes: int
    data_offset: int

    @property
    def version(self) -> str:
        """The identity of the bytes, which stays when more members are appended to the archive."""
        return f"zip:{self.method}:{self.crc32:08x}:{self.size_bytes}"


@attrs.frozen(kw_only=True)
class _Entry:
    raw_name: bytes
    flags: int
    method: int
    crc32: int
    compressed_bytes: int
    size_bytes: int
    header_offset: int


async def find_member(archive: ByteSource, name: str) -> ZipMember:
    """The member of this name; of several, the one that the directory lists last.

    Raises ``CopyMissing``, ``CopyMisread`` for a damaged archive, ``LocationRefused`` for a member in a form that is
    never read, and what the archive's source raises.
    """
    directory = await find_directory(archive)
    found, offsets = await _last_entry(archive, directory, _Wanted.of(name))
    if found is None:
        raise CopyMissing("The archive has no such member.")
    if found.flags & (_ENCRYPTED | _PATCHED):
        raise LocationRefused("The member of the archive is encrypted or a patch, which is never read.")
    if found.method not in {STORED, DEFLATED}:
        raise LocationRefused(f"The member is compressed by method {found.method}; read are stored and deflated ones.")
    if found.method == STORED and found.compressed_bytes != found.size_bytes:
        raise CopyMisread("The archive is damaged: a stored member has two sizes.")
    # Nothing may reach into what follows: the next member, or the directory.
    limit = min((offset for offset in offsets if offset > found.header_offset), default=directory.start)
    data_offset = await _data_offset(archive, found, min(limit, directory.start))
    return ZipMember(
        name=name,
        method=found.method,
        crc32=found.crc32,
        compressed_bytes=found.compressed_bytes,
        size_bytes=found.size_bytes,
        data_offset=data_offset,
    )


@attrs.frozen
class _Wanted:
    """A name as the directory may write it: in UTF-8 where a flag says so, else in code page 437."""

    utf8: bytes | None
    cp437: bytes | None

    @classmethod
    def of(cls, name: str) -> "_Wanted":
        return cls(_encoded(name, "utf-8"), _encoded(name, "cp437"))

    def is_named(self, raw: bytes, flags: int) -> bool:
        return raw == (self.utf8 if flags & _UTF8 else self.cp437)


def _encoded(name: str, encoding: str) -> bytes | None:
    try:
        return name.encode(encoding)
    except UnicodeEncodeError:
        return None


async def _last_entry(archive: ByteSource, directory: Directory, wanted: _Wanted) -> "tuple[_Entry | None, array[int]]":
    found, offsets = None, array("Q")
    position, end, held = directory.start, directory.start + directory.size_bytes, b""
    while position < end or held:
        window = await read_exactly(archive, position, min(WINDOW, end - position))
        position += len(window)
        held += window
        used = 0
        for entry, used in _entries(held, is_all=position == end):  # noqa: B007 - how far it came is used below.
            offset = entry.header_offset + directory.shift
            offsets.append(min(offset, end))
            if wanted.is_named(entry.raw_name, entry.flags):
                found = attrs.evolve(entry, header_offset=offset)
        held = held[used:]
        # A long directory that is in memory must not hold up everybody else.
        await asyncio.sleep(0)
    if len(offsets) & 0xFFFF != directory.entries & 0xFFFF:
        raise CopyMisread("The archive is damaged: its directory has another number of members than it says.")
    return found, offsets


def _entries(data: bytes, *, is_all: bool) -> Iterator[tuple[_Entry, int]]:
    """The entries that lie wholly in ``data``, each with the place behind it."""
    at = 0
    while at < len(data):
        if at + _ENTRY.size > len(data):
            break
        fields = _ENTRY.unpack_from(data, at)
        if fields[0] != b"PK\x01\x02":
            raise CopyMisread("The archive is damaged: its directory holds something else.")
        flags, method, crc32, compressed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
        name_at = at + _ENTRY.size
        extra_at = name_at + fields[10]
        comment_at = extra_at + fields[11]
        behind = comment_at + fields[12]
        if behind > len(data):
            break
        offset = fields[16]
        if _IN_ZIP64 in {compressed, size, offset}:
            size, compressed, offset = _zip64(data[extra_at:comment_at], (size, compressed, offset))
        at = behind
        yield (
            _Entry(
                raw_name=data[name_at:extra_at],
                flags=flags,
                method=method,
                crc32=crc32,
                compressed_bytes=compressed,
                size_bytes=size,
                header_offset=offset,
            ),
            behind,
        )
    if is_all and at != len(data):
        raise CopyMisread("The archive is damaged: its directory is cut off.")


def _zip64(extra: bytes, stated: tuple[int, int, int]) -> Iterator[int]:
    """Size, compressed size and offset, from the extra field where their own fields are too small."""
    at, large = 0, b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            large = extra[at + 4 : at + 4 + length]
            break
        at += 4 + length
    used = 0
    for value in stated:
        if value != _IN_ZIP64:
            yield value
            continue
        if used + 8 > len(large):
            raise CopyMisread("The archive is damaged: a member's ZIP64 sizes are missing.")
        yield int.from_bytes(large[used : used + 8], "little")
        used += 8


async def _data_offset(archive: ByteSource, entry: _Entry, limit: int) -> int:
    """Where the data begin, behind a local header that must speak of the same member."""
    header = _LOCAL_HEADER.unpack(await read_exactly(archive, entry.header_offset, _LOCAL_HEADER.size))
    name_at, name_bytes = entry.header_offset + _LOCAL_HEADER.size, header[9]
    offset: int = name_at + name_bytes + header[10]
    if header[0] != b"PK\x03\x04" or header[3] != entry.method or offset + entry.compressed_bytes > limit:
        raise CopyMisread("The archive is damaged: a member is not where the directory says, or reaches too far.")
    if name_bytes != len(entry.raw_name) or await read_exactly(archive, name_at, name_bytes) != entry.raw_name:
        raise CopyMisread("The archive is damaged: a member has another name than the directory says.")
    return offset
