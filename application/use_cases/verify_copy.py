"""Read a copy in full and compare its checksum with the record."""

import attrs

from application.delivery.cool_downs import CoolDowns
from application.delivery.copies import OF_THE_COPY, OpenCopy, Suspicion
from application.delivery.guarded import Deadlines, check_guarded, open_guarded
from application.delivery.verification import CopyCorrupt, Pace, at_once, read_and_check
from application.errors import CopyChanged, CopyMissing, StorageUnavailable
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.storage import StorageRegistry, url_to_check
from application.ports.unit_of_work import UnitOfWorkFactory
from domain import digest
from domain.errors import FileNotReadable, InvalidValue, NotFound
from domain.events import FileLocationCleared
from domain.file import ArchiveFile
from domain.selection import Copy
from domain.storage_location import StorageLocation


@attrs.frozen(kw_only=True)
class VerifyCopyRequest:
    """Which copy."""

    tenant: str
    checksum: str
    storage: str


@attrs.frozen(kw_only=True)
class VerifyCopyResult:
    """What the reading showed; ``reason`` says what is wrong with a copy that is not right."""

    is_right: bool
    reason: str | None


@attrs.frozen
class VerifyCopy:
    """Read a copy from the first byte to the last.

    - Right bytes clear a suspicion, and the copy's present identity becomes the registered one.
    - Wrong, changed or missing bytes mark the copy, so that downloads use another one.
    - A storage that does not answer proves nothing: the copy stays as it is, its storage is left alone for a while.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    cool_downs: CoolDowns | None = None

    async def execute(self, request: VerifyCopyRequest, *, pace: Pace = at_once) -> VerifyCopyResult:
        """What the reading showed; ``pace`` is awaited after every read.

        Raises ``NotFound``, ``FileNotReadable``, ``StorageUnavailable``, ``DatabaseUnavailable``, and ``InvalidValue``
        for a checksum by an algorithm that cannot be computed here.
        """
        async with self.unit_of_work() as work:
            found = await work.files.get(request.tenant, request.checksum)
        file, copy, storage = _readable(found, request)
        if digest.hasher(file.algorithm) is None:
            raise InvalidValue(f"The algorithm {file.algorithm!r} cannot be computed here.")
        try:
            version = await self._read(file, copy, storage, pace)
        except (CopyCorrupt, CopyChanged, CopyMissing) as error:
            await Suspicion(self.unit_of_work, self.clock).record(copy.location, str(error))
            return VerifyCopyResult(is_right=False, reason=str(error))
        except StorageUnavailable as error:
            if self.cool_downs is not None and not isinstance(error, OF_THE_COPY):
                self.cool_downs.failed(copy, error)
            raise
        if self.cool_downs is not None:
            self.cool_downs.succeeded(copy)
        await self._mark(copy, version)
        return VerifyCopyResult(is_right=True, reason=None)

    async def _read(self, file: ArchiveFile, copy: Copy, location: StorageLocation, pace: Pace) -> str | None:
        """The identity of the bytes that were read and found right, whatever identity is on record."""
        storage = self.registry.storage(location)
        url = url_to_check(storage, copy.location.url, copy.location.checksum)
        status = await check_guarded(storage, url, self.deadlines)
        present = attrs.evolve(copy.location, version=status.version)
        source = await open_guarded(storage, present, file.size_bytes, self.deadlines)
        try:
            await read_and_check(file, OpenCopy(copy, source), pace)
            return source.status.version
        finally:
            await source.aclose()

    async def _mark(self, copy: Copy, version: str | None) -> None:
        location = copy.location
        async with self.unit_of_work() as work:
            await work.files.mark_verified(location, version=version, at=self.clock.now())
            if location.is_suspect:
                await work.outbox.add(
                    FileLocationCleared(
                        tenant=location.tenant,
                        checksum=location.checksum,
                        storage=location.storage,
                        occurred_at=self.clock.now(),
                    )
                )
            await work.commit()


def _readable(found: FoundFile | None, request: VerifyCopyRequest) -> tuple[ArchiveFile, Copy, StorageLocation]:
    copies = found.copies if found is not None else ()
    copy = next((copy for copy in copies if copy.location.storage == request.storage), None)
    if found is None or copy is None:
        raise NotFound(f"There is no copy of {request.checksum!r} on a storage {request.storage!r}.")
    if copy.storage is None or copy.storage.plugin_id is None:
        raise FileNotReadable(f"The storage {request.storage!r} cannot be read through this service.")
    return found.file, copy, copy.storage
