"""Where the central directory of a zip archive lies.

Its end is looked for from the end of the archive, so that data before it and a comment behind it do no harm; ZIP64 is
understood. No length that the archive states is believed before it fits.
"""

import struct

import attrs

from application.errors import CopyMisread
from application.ports.storage import ByteSource

MOST_DIRECTORY_BYTES = 64 * 1024 * 1024
"""About a million members; an archive with more is refused."""

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_LOCATOR = struct.Struct("<4sLQL")
_MOST_COMMENT_BYTES = 0xFFFF


@attrs.frozen(kw_only=True)
class Directory:
    """Where the directory is, and how much it holds."""

    start: int
    size_bytes: int
    entries: int
    shift: int
    """How many bytes of something else lie before the archive."""


async def find_directory(archive: ByteSource) -> Directory:
    """The directory. Raises ``CopyMisread`` when there is none that fits, and what the archive's source raises."""
    size = archive.status.size_bytes
    reach = min(size, _MOST_COMMENT_BYTES + _END.size)
    tail = await read_exactly(archive, size - reach, reach)
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if at + _END.size <= len(tail):
            _, disk, first_disk, here, total, directory_bytes, start, comment = _END.unpack_from(tail, at)
            if at + _END.size + comment == len(tail):
                break
    else:
        raise CopyMisread("The archive has no end of a central directory: it is damaged, or is being written.")
    end = size - reach + at
    big = await _end_64(archive, end)
    if big is not None:
        end, (disk, first_disk, here, total, directory_bytes, start) = big
    shift = end - directory_bytes - start
    if disk or first_disk or here != total or shift < 0:
        raise CopyMisread("The archive is damaged, or is one part of several.")
    if directory_bytes > MOST_DIRECTORY_BYTES:
        raise CopyMisread(f"The archive's directory is larger than {MOST_DIRECTORY_BYTES} bytes.")
    return Directory(start=end - directory_bytes, size_bytes=directory_bytes, entries=total, shift=shift)


async def _end_64(archive: ByteSource, end: int) -> "tuple[int, tuple[int, ...]] | None":
    locator_at = end - _END_64_LOCATOR.size
    if locator_at < _END_64.size:
        return None
    signature, _, stated_at, _ = _END_64_LOCATOR.unpack(await read_exactly(archive, locator_at, _END_64_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    # Just before its locator, wherever the archive begins; or, with data of its own, where the locator says.
    for at in (locator_at - _END_64.size, stated_at):
        if at + _END_64.size <= locator_at:
            fields = _END_64.unpack(await read_exactly(archive, at, _END_64.size))
            if fields[0] == b"PK\x06\x06" and at + 12 + fields[1] == locator_at:
                return at, fields[4:]
    raise CopyMisread("The archive is damaged: its ZIP64 directory is not where it should be.")


async def read_exactly(source: ByteSource, offset: int, length: int) -> bytes:
    """All of a range that must lie inside the source. Raises ``CopyMisread`` when it does not."""
    if offset < 0 or length < 0 or offset + length > source.status.size_bytes:
        raise CopyMisread("The archive is damaged: it speaks of bytes that it does not have.")
    pieces = []
    while length:
        data = await source.read(offset, length)
        if not data:
            raise CopyMisread("The archive ended early.")
        pieces.append(data)
        offset, length = offset + len(data), length - len(data)
    return b"".join(pieces)
