"""Opening copies: in order of choice, one after the other, telling everybody why each failed."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import attrs

from application.delivery.cool_downs import CoolDowns
from application.delivery.guarded import Deadlines, open_guarded
from application.delivery.lost_copies import LostCopies
from application.delivery.nearline import Nearline
from application.errors import (
    CopyChanged,
    CopyMisread,
    CopyMissing,
    CopyNotRestored,
    LocationRefused,
    StorageUnavailable,
)
from application.ports.clock import Clock
from application.ports.storage import ByteSource, StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import CopiesUnreachable, FileChanged, RestorationNeeded
from domain.events import FileLocationSuspected
from domain.file import ArchiveFile, FileLocation
from domain.selection import Copy

CopyLog = Callable[[str, Copy, Exception], None]
"""Told of every copy that was not used, with the reason's name, for the operator."""


More = Callable[[], Awaitable[tuple[Copy, ...]]]
"""Copies that are only looked for when all others have failed."""

OF_THE_COPY = (CopyChanged, CopyMisread, CopyMissing, CopyNotRestored, LocationRefused)
"""What is wrong with one copy and says nothing of its storage."""


@attrs.frozen
class OpenCopy:
    """A copy that is being read."""

    copy: Copy
    source: ByteSource

    @property
    def verify(self) -> bool:
        """Whether its storage wants full files hashed as they leave."""
        return self.copy.storage is not None and self.copy.storage.verify


@attrs.frozen
class Suspicion:
    """Records that a copy is not what it should be: the copy is marked and an event is stored, once."""

    _new_unit: UnitOfWorkFactory
    _clock: Clock

    async def record(self, location: FileLocation, reason: str) -> None:
        """Mark the copy. Later downloads use another one until an operator has looked."""
        now: datetime = self._clock.now()
        async with self._new_unit() as unit:
            if await unit.files.mark_suspect(location, since=now, reason=reason):
                await unit.outbox.add(
                    FileLocationSuspected(
                        tenant=location.tenant,
                        checksum=location.checksum,
                        storage=location.storage,
                        reason=reason,
                        occurred_at=now,
                    )
                )
                await unit.commit()


@attrs.frozen(kw_only=True)
class CopyReader:
    """Opens copies within the deadlines, and tells the operator and the other instances of those that fail."""

    registry: StorageRegistry
    suspicion: Suspicion
    log: CopyLog
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    cool_downs: CoolDowns | None = None
    nearline: Nearline | None = None
    lost_copies: LostCopies | None = None

    async def open(self, copy: Copy, file: ArchiveFile) -> OpenCopy:
        """Raises ``StorageUnavailable`` (or a leaf of it) and ``LocationRefused``."""
        assert copy.storage is not None, "only copies on configured storages are read"
        storage = self.registry.storage(copy.storage)
        return OpenCopy(copy, await open_guarded(storage, copy.location, file.size_bytes, self.deadlines))

    async def failed(self, reason: str, copy: Copy, error: Exception, *, suspect: bool) -> bool:
        """A copy is not used further; ``suspect`` marks it for everybody, else its storage may be left alone.

        ``True`` when it was in the cache and is lost: then the file sleeps again, or is being restored once more.
        """
        self.log(reason, copy, error)
        if self.nearline is not None and isinstance(error, CopyNotRestored):
            self.nearline.forget(copy)
        if await self._is_lost(copy, error):
            return True
        if suspect:
            await self.suspicion.record(copy.location, str(error))
        elif self.cool_downs is not None and not isinstance(error, OF_THE_COPY):
            self.cool_downs.failed(copy, error)
        return False

    def succeeded(self, copy: Copy) -> None:
        """A copy was read as far as was asked."""
        if self.cool_downs is not None:
            self.cool_downs.succeeded(copy)

    async def _is_lost(self, copy: Copy, error: Exception) -> bool:
        if self.lost_copies is None or not copy.is_cached or not isinstance(error, CopyMissing | CopyChanged):
            return False
        try:
            return await self.lost_copies.report(copy.location.tenant, copy.location.checksum)
        except StorageUnavailable:
            # The cache cannot be looked at now: that is no loss.
            return False


async def _no_more() -> tuple[Copy, ...]:
    return ()


@attrs.define(eq=False)
class Copies:
    """The copies of one file that have not failed yet in this transfer.

    ``more`` are looked for, once, when all others have failed: nearline copies that turn out to be readable.
    """

    file: ArchiveFile
    _untried: list[Copy]
    _reader: CopyReader
    _more: More = _no_more
    _has_changed: bool = False
    _only_asleep: bool = True

    async def open_next(self) -> OpenCopy:
        """The best copy that can be opened.

        Raises ``FileChanged`` when the only reason is that bytes changed, ``RestorationNeeded`` when all that were
        tried have to be restored first, else ``CopiesUnreachable``.
        """
        is_asleep = False
        while copy := await self._next():
            try:
                return await self._reader.open(copy, self.file)
            except (StorageUnavailable, LocationRefused) as error:
                has_changed = isinstance(error, CopyChanged)
                reason = "copy-changed" if has_changed else "copy-not-opened"
                is_lost = await self._reader.failed(reason, copy, error, suspect=has_changed)
                is_asleep = is_lost or isinstance(error, CopyNotRestored)
                self._has_changed |= has_changed and not is_lost
                self._only_asleep &= is_asleep
        if self._has_changed:
            raise FileChanged("No copy holds the registered bytes any more; an operator has to look.")
        if is_asleep and self._only_asleep:
            raise RestorationNeeded("This file sleeps again on its nearline storage and must be restored once more.")
        raise CopiesUnreachable("No copy of this file could be opened. Try again later.")

    async def reopen(self, opened: OpenCopy) -> OpenCopy:
        """The same copy once more, with a source of its own."""
        return await self._reader.open(opened.copy, self.file)

    async def give_up(self, opened: OpenCopy, error: Exception, *, suspect: bool = False) -> None:
        """Stop using a copy; ``suspect`` also marks it for everybody."""
        self._only_asleep = False
        await opened.source.aclose()
        await self._reader.failed("copy-failed", opened.copy, error, suspect=suspect)

    def succeeded(self, opened: OpenCopy) -> None:
        """A copy was read as far as was asked."""
        self._reader.succeeded(opened.copy)

    async def _next(self) -> Copy | None:
        if not self._untried:
            self._untried, self._more = list(await self._more()), _no_more
        return self._untried.pop(0) if self._untried else None
