"""Register files that are already on a storage: all of a batch, or nothing."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from application.errors import CopyMissing, CopyNotRestored, LocationRefused, StorageUnavailable
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.storage import CopyStatus, StorageRegistry, url_to_check
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain import digest
from domain.errors import AlreadyExists, DomainError, InvalidValue
from domain.file import ArchiveFile, DataType, FileLocation
from domain.statement import Statement
from domain.storage_location import StorageLocation

CHECKS_AT_ONCE = 16
"""Objects that one batch asks storages about at the same time."""


@attrs.frozen(kw_only=True)
class NewFile:
    """One file with one copy, as its owner describes it."""

    checksum: str
    algorithm: str
    file_name: str
    size_bytes: int
    media_type: str
    data_type: str
    storage: str
    url: str
    height: int | None = None
    width: int | None = None


@attrs.frozen(kw_only=True)
class RegisterFilesRequest:
    """A batch for one tenant. ``statement`` is given by who has heard of them: later ones say more."""

    tenant: str
    files: tuple[NewFile, ...]
    statement: Statement | None = None


@attrs.frozen(kw_only=True)
class RefusedFile:
    """Why one file of the batch was refused; ``index`` counts from 0, ``code`` is that of the error."""

    index: int
    checksum: str
    code: str
    reason: str


@attrs.frozen
class Registered:
    """The whole batch is registered: how many files in it, and what its owner should know of them."""

    count: int
    warnings: tuple[str, ...] = ()


@attrs.frozen
class FilesRefused:
    """Nothing was registered."""

    refused: tuple[RefusedFile, ...]

    @property
    def is_conflict(self) -> bool:
        """Whether every refusal is a clash with what is registered already."""
        return all(item.code == AlreadyExists.code for item in self.refused)


@attrs.frozen
class RegisterFiles:
    """Register a batch of files.

    - Each copy must be where its storage may read, exist, and have the stated size; its identity is recorded.
    - What its storage can only look at when it is restored is taken at its word; the size is compared when it is read.
    - A checksum stands for one size and one algorithm; registering the same thing again changes nothing.
    - Name, media type, data type and dimensions of a known file are replaced by the new ones.
    - All or nothing: one refused file refuses the batch, and every refusal is reported.
    - What was heard counts for nothing when something newer was said of one of the copies.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock

    async def execute(self, request: RegisterFilesRequest) -> Registered | FilesRefused:
        """Raises ``StorageUnavailable`` when a storage does not answer, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = {storage.name: storage for storage in await work.storages.all(request.tenant)}
        # Storages are asked before the transaction: a slow one must not hold it open.
        statuses = await self._check_all(request.files, storages)
        now = self.clock.now()
        async with self.unit_of_work() as work:
            if request.statement is not None and not await self._is_news(work, request, request.statement):
                await work.commit()
                return Registered(0)
            known = await work.files.known(request.tenant, sorted({file.checksum for file in request.files}))
            batch = _Batch(request.tenant, known, now)
            for index, (file, status) in enumerate(zip(request.files, statuses, strict=True)):
                batch.take(index, file, status)
            if batch.refused:
                return FilesRefused(tuple(batch.refused))
            await work.files.save(list(batch.files.values()), list(batch.locations.values()))
            await work.commit()
        return Registered(len(request.files), tuple(_unverifiable(request.files, storages)))

    async def _is_news(self, work: UnitOfWork, request: RegisterFilesRequest, statement: Statement) -> bool:
        news = [await work.files.say(request.tenant, new.checksum, new.storage, statement) for new in request.files]
        return all(news)

    async def _check_all(
        self, files: Sequence[NewFile], storages: Mapping[str, StorageLocation]
    ) -> list[CopyStatus | Exception | None]:
        at_once = asyncio.Semaphore(CHECKS_AT_ONCE)

        async def check(file: NewFile) -> CopyStatus | Exception | None:
            location = storages.get(file.storage)
            if location is None:
                return InvalidValue(f"There is no storage {file.storage!r}.")
            if location.plugin_id is None:
                return None
            async with at_once:
                try:
                    storage = self.registry.storage(location)
                    storage.validate_url(file.url)
                    return await storage.check(url_to_check(storage, file.url, file.checksum))
                except CopyNotRestored:
                    return None
                except (LocationRefused, StorageUnavailable) as error:
                    return error

        results = await asyncio.gather(*(check(file) for file in files))
        for result in results:
            if isinstance(result, StorageUnavailable) and not isinstance(result, CopyMissing):
                raise result
        return results


def _unverifiable(files: Sequence[NewFile], storages: Mapping[str, StorageLocation]) -> Iterator[str]:
    """What will leave without the verification that its storage is configured with."""
    found = Counter(
        (file.storage, file.algorithm)
        for file in files
        if storages[file.storage].verify and not digest.can_compute(file.algorithm)
    )
    for (storage, algorithm), count in sorted(found.items()):
        yield (
            f"{count} on {storage!r} cannot be verified, since {algorithm!r} cannot be computed here; "
            "they are served as they are."
        )


@attrs.define
class _Batch:
    """What the batch makes of the records so far."""

    tenant: str
    known: dict[str, FoundFile]
    now: datetime
    files: dict[str, ArchiveFile] = attrs.field(factory=dict)
    locations: dict[tuple[str, str], FileLocation] = attrs.field(factory=dict)
    refused: list[RefusedFile] = attrs.field(factory=list)

    def take(self, index: int, new: NewFile, status: CopyStatus | Exception | None) -> None:
        try:
            file = self._file(new)
            location = self._location(new, status)
        except (DomainError, LocationRefused, CopyMissing) as error:
            self.refused.append(RefusedFile(index=index, checksum=new.checksum, code=error.code, reason=str(error)))
        else:
            self.files[file.checksum] = file
            self.locations[location.checksum, location.storage] = location

    def _file(self, new: NewFile) -> ArchiveFile:
        if new.data_type not in DataType.__members__:
            raise InvalidValue(f"{new.data_type!r} is no data type. Known are: {', '.join(DataType.__members__)}.")
        before = self.files.get(new.checksum) or (self.known[new.checksum].file if new.checksum in self.known else None)
        if before is not None and (before.size_bytes, before.algorithm.upper()) != (
            new.size_bytes,
            new.algorithm.upper(),
        ):
            raise AlreadyExists(
                f"This checksum stands for {before.size_bytes} bytes by {before.algorithm}, "
                f"not for {new.size_bytes} bytes by {new.algorithm}."
            )
        return ArchiveFile(
            tenant=self.tenant,
            checksum=new.checksum,
            algorithm=before.algorithm if before is not None else new.algorithm,
            size_bytes=new.size_bytes,
            file_name=new.file_name,
            media_type=new.media_type,
            data_type=DataType[new.data_type],
            registered_at=before.registered_at if before is not None else self.now,
            height=new.height,
            width=new.width,
        )

    def _location(self, new: NewFile, status: CopyStatus | Exception | None) -> FileLocation:
        if isinstance(status, Exception):
            raise status
        if status is not None and status.size_bytes != new.size_bytes:
            raise InvalidValue(f"The object has {status.size_bytes} bytes, not {new.size_bytes}.")
        version = status.version if status is not None else None
        earlier = self.locations.get((new.checksum, new.storage))
        if earlier is not None and earlier.url != new.url:
            raise AlreadyExists("The batch names two copies of this file on one storage.")
        before = self._recorded(new)
        if before is not None and before.url == new.url and (status is None or before.version == version):
            return before
        return FileLocation(
            tenant=self.tenant,
            checksum=new.checksum,
            storage=new.storage,
            url=new.url,
            stored_at=self.now,
            version=version,
        )

    def _recorded(self, new: NewFile) -> FileLocation | None:
        copies = self.known[new.checksum].copies if new.checksum in self.known else ()
        return next((copy.location for copy in copies if copy.location.storage == new.storage), None)
