"""One response body: which bytes come next, from which copy, and how it ended (DESIGN section 5, steps 7 and 8)."""

import attrs

from application.delivery.copies import Copies, OpenCopy
from application.delivery.running import RunningTransfer
from application.delivery.verification import CopyCorrupt, StreamDigest, VerifiedCopies, open_right
from application.errors import CopyChanged, StorageUnavailable
from domain.byte_range import ByteRange
from domain.errors import CopiesUnreachable, FileChanged
from domain.file import ArchiveFile
from domain.settlement import Outcome

TAIL_BYTES = 64 * 1024
"""Zero copy stops this far before the end of a part and looks whether the file is still the one that was opened."""


@attrs.frozen
class Region:
    """Bytes to send straight from a file: ``length`` from ``offset`` of an open descriptor."""

    part: int
    file_descriptor: int
    offset: int
    length: int
    is_last: bool
    """Whether nothing follows in the whole body."""
    disk: str | None = None
    """Set where whoever reads may have to wait for long, and has to do so in a thread: what they wait for."""


@attrs.frozen
class Chunk:
    """Bytes to send."""

    part: int
    data: bytes
    is_last: bool
    """Whether nothing follows in the whole body."""


@attrs.define(eq=False)
class Delivery:
    """The body of one granted transfer: ``parts`` of the file, in order.

    The caller asks for ``next_piece``, sends it, and reports what the connection took with ``handed_over``; a failed
    zero-copy read is reported with ``switch_copy``. Every path ends in ``outcome`` and ``aclose``.
    """

    file: ArchiveFile
    parts: tuple[ByteRange, ...]
    running: RunningTransfer
    _copies: Copies
    _opened: OpenCopy
    _verified: VerifiedCopies
    _chunk_bytes: int = 128 * 1024
    _digest: StreamDigest | None = None
    _part: int = 0
    _done_in_part: int = 0
    _abandoned: list[OpenCopy] = attrs.field(factory=list)
    _is_corrupt: bool = False

    def __attrs_post_init__(self) -> None:
        self._restart_digest()

    @property
    def is_complete(self) -> bool:
        """Whether every byte was handed over."""
        return self._part >= len(self.parts)

    async def next_piece(self, *, zero_copy: bool) -> Region | Chunk | None:
        """What to send next; ``None`` when everything was handed over.

        Raises ``TransferEnded`` when no more may be sent, ``CopyChanged`` and ``CopyCorrupt`` when what was sent is not
        to be trusted, and ``CopiesUnreachable`` or ``FileChanged`` when no copy is left to continue from.
        """
        while True:
            if self.is_complete:
                return None
            self.running.check()
            part = self.parts[self._part]
            if part.length == 0:
                self._part += 1
                continue
            try:
                descriptor = self._opened.source.file_descriptor if zero_copy and self._digest is None else None
                if descriptor is None or part.length <= TAIL_BYTES:
                    return await self._chunk(part)
                return await self._region(part, descriptor)
            except (CopyChanged, CopyCorrupt) as error:
                if self.running.delivered_bytes > 0:
                    self._is_corrupt = True
                    await self._find_culprit(error)
                    raise
                # Nothing has left yet, so another copy can still give right bytes from the first one on.
                await self._copies.give_up(self._opened, error, suspect=True)
                await self._open_next()
            except StorageUnavailable as error:
                await self.switch_copy(error)

    @property
    def _is_last_part(self) -> bool:
        return self._part == len(self.parts) - 1

    def handed_over(self, count: int) -> None:
        """The connection took ``count`` bytes of the present piece. Raises ``TransferEnded``."""
        self._done_in_part += count
        if self._done_in_part >= self.parts[self._part].length:
            self._part, self._done_in_part = self._part + 1, 0
        self.running.handed_over(count)

    async def switch_copy(self, error: Exception) -> None:
        """The present copy cannot be read further: continue at the same offset from the next one."""
        await self._copies.give_up(self._opened, error)
        self._abandoned.append(self._opened)
        await self._open_next()

    def outcome(self, *, unacknowledged_bytes: int = 0) -> Outcome:
        """How it ended; ``unacknowledged_bytes`` were handed over but are known not to have reached the client."""
        return Outcome(
            delivered_bytes=max(0, self.running.delivered_bytes - unacknowledged_bytes),
            is_completed=self.is_complete and unacknowledged_bytes == 0,
            is_corrupt=self._is_corrupt,
        )

    async def aclose(self) -> None:
        """Release the copy."""
        await self._opened.source.aclose()
        if self.is_complete and not self._is_corrupt:
            self._copies.succeeded(self._opened)

    async def _region(self, part: ByteRange, descriptor: int) -> Region:
        offset, left = part.start + self._done_in_part, part.length - self._done_in_part
        location = self._opened.copy.location
        disk = f"{location.tenant}/{location.storage}" if self._opened.source.may_hang else None
        if left <= TAIL_BYTES:
            await self._opened.source.check_unchanged()
            return Region(self._part, descriptor, offset, left, is_last=self._is_last_part, disk=disk)
        return Region(self._part, descriptor, offset, left - TAIL_BYTES, is_last=False, disk=disk)

    async def _chunk(self, part: ByteRange) -> Chunk:
        offset, left = part.start + self._done_in_part, part.length - self._done_in_part
        data = await self._opened.source.read(offset, min(left, self._chunk_bytes))
        ends_part = len(data) == left
        if ends_part:
            # Before the digest takes these bytes: they will be read again when this cannot be said.
            await self._opened.source.check_unchanged()
        if self._digest is not None:
            await self._digest.feed(data)
            if ends_part:
                await self._digest.check()
                if not self._abandoned:
                    self._verified.remember(self._opened)
        return Chunk(self._part, data, is_last=ends_part and self._is_last_part)

    async def _find_culprit(self, error: Exception) -> None:
        """Wrong bytes have left: mark the copy that they came from.

        After a switch it may be either copy, so the present one is read in full; if it is right, the one before lied.
        """
        if not self._abandoned:
            await self._copies.give_up(self._opened, error, suspect=True)
            return
        try:
            await self._verified.ensure(self.file, self._opened, lambda: self._copies.reopen(self._opened))
        except StorageUnavailable as finding:
            await self._copies.give_up(self._opened, finding, suspect=True)
        else:
            for earlier in self._abandoned:
                await self._copies.give_up(earlier, error, suspect=True)

    async def _open_next(self) -> None:
        """Read on from the next copy: hashed with what has left already, or right as a whole where that is not."""
        is_fresh = self._is_whole and self.running.delivered_bytes == 0
        is_hashed = is_fresh or self._digest is not None
        try:
            self._opened = await open_right(self._copies, self._verified, is_part=not is_hashed)
        except FileChanged as error:
            if not is_fresh:
                raise
            # Nobody has older bytes that new ones could be spliced onto: there is just no copy to serve.
            raise CopiesUnreachable(str(error)) from error
        if is_fresh:
            self._abandoned.clear()
            self._restart_digest()

    @property
    def _is_whole(self) -> bool:
        return self.parts == (ByteRange(0, self.file.size_bytes),)

    def _restart_digest(self) -> None:
        self._digest = StreamDigest.of(self.file) if self._is_whole and self._opened.verify else None
