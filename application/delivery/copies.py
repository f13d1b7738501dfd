"""Opening copies: in order of choice, one after the other, remembering why each failed."""

from collections.abc import Callable
from datetime import datetime

import attrs

from application.errors import CopyChanged, LocationRefused, StorageUnavailable
from application.ports.clock import Clock
from application.ports.storage import ByteSource, StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import CopiesUnreachable, FileChanged
from domain.events import FileLocationSuspected
from domain.file import ArchiveFile, FileLocation
from domain.selection import Copy

CopyLog = Callable[[str, Copy, Exception], None]
"""Told of every copy that was not used, with the reason's name, for the operator."""


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


@attrs.define(eq=False)
class Copies:
    """The copies of one file that have not failed yet in this transfer."""

    file: ArchiveFile
    _untried: list[Copy]
    _registry: StorageRegistry
    _suspicion: Suspicion
    _log: CopyLog
    _has_changed: bool = False

    async def open_next(self) -> OpenCopy:
        """The best copy that can be opened.

        Raises ``FileChanged`` when the only reason is that bytes changed, else ``CopiesUnreachable``.
        """
        while self._untried:
            copy = self._untried.pop(0)
            assert copy.storage is not None, "only copies on configured storages are chosen"
            try:
                storage = self._registry.storage(copy.storage)
                return OpenCopy(copy, await storage.open(copy.location, self.file.size_bytes))
            except CopyChanged as error:
                self._has_changed = True
                self._log("copy-changed", copy, error)
                await self._suspicion.record(copy.location, str(error))
            except (StorageUnavailable, LocationRefused) as error:
                self._log("copy-not-opened", copy, error)
        if self._has_changed:
            raise FileChanged("No copy holds the registered bytes any more; an operator has to look.")
        raise CopiesUnreachable("No copy of this file could be opened. Try again later.")

    async def reopen(self, opened: OpenCopy) -> OpenCopy:
        """The same copy once more, with a source of its own."""
        assert opened.copy.storage is not None, "it was opened on a configured storage"
        storage = self._registry.storage(opened.copy.storage)
        return OpenCopy(opened.copy, await storage.open(opened.copy.location, self.file.size_bytes))

    async def give_up(self, opened: OpenCopy, error: Exception, *, suspect: bool = False) -> None:
        """Stop using a copy; ``suspect`` also marks it for everybody."""
        self._log("copy-failed", opened.copy, error)
        await opened.source.aclose()
        if suspect:
            await self._suspicion.record(opened.copy.location, str(error))
