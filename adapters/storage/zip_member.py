"""Reading one member of a zip archive that any storage has opened.

A stored member is read by offset, by any number of readers at once. A deflated one is inflated as it is read, in
bounded memory: reading on is cheap, a range further on costs the inflation of what lies between, and a range further
back costs the inflation from the member's start. The checksum in the archive's directory is compared before the last
byte of a member that is read through is handed out; members of up to ``SMALL_MEMBER_BYTES`` are always read through.
"""

import asyncio

import attrs

from adapters.storage.zip_directory import ZipMember, find_member
from adapters.storage.zip_readers import STEP_BYTES, Reader, reader_of
from application.errors import CopyChanged
from application.ports.storage import ByteSource, CopyStatus

SMALL_MEMBER_BYTES = 64 * 1024
"""Members of up to this size are read at once, checked, and kept while they are open."""


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
    _reader: Reader = attrs.field(init=False)
    _whole: bytes | None = None
    _is_open: bool = True

    def __attrs_post_init__(self) -> None:
        self._reader = reader_of(self._archive, self._member)

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
            self._whole = await _read_through(reader_of(self._archive, self._member), self._member.size_bytes)
        return self._whole[offset : offset + length]

    async def check_unchanged(self) -> None:
        try:
            await self._archive.check_unchanged()
        except CopyChanged:
            # An archive that grows changes all the time; the members that it had stay where they are.
            is_proven = self._whole is not None or self._reader.is_proven
            if not is_proven and self._member.size_bytes:
                await _look_through(reader_of(self._archive, self._member), self._member.size_bytes)

    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            self._whole = None
            await self._archive.aclose()


async def _read_through(reader: Reader, size_bytes: int) -> bytes:
    whole = bytearray()
    while len(whole) < size_bytes:
        whole += await reader.read(len(whole), size_bytes - len(whole))
    return bytes(whole)


async def _look_through(reader: Reader, size_bytes: int) -> None:
    done = 0
    while done < size_bytes:
        done += len(await reader.read(done, min(STEP_BYTES, size_bytes - done)))
        await asyncio.sleep(0)
