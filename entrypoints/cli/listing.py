"""Registering objects that a storage lists: checksums are those that it knows for certain, or are computed."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from urllib.parse import unquote, urlsplit

import attrs

from application.errors import CopyChanged, CopyMissing, CopyNotRestored, LocationRefused
from application.ports.storage import ByteSource, DigestingStorage, ListedObject, ListingStorage, Storage
from application.use_cases.register_files import NewFile
from domain import digest
from domain.errors import InvalidValue
from domain.file import FileLocation
from entrypoints.cli.recording import Recording, Report

BATCH_OBJECTS = 200
"""A batch is recorded after so many objects: what an interruption costs at most."""
AT_ONCE = 8
BLOCK_BYTES = 256 * 1024

_OF_ONE_OBJECT = (CopyMissing, CopyChanged, CopyNotRestored, LocationRefused)
"""What is wrong with one object only; anything else stops the run, which can be continued."""


@attrs.define(eq=False)
class ListedRegistration:
    """One run over the objects under a prefix.

    Objects whose recorded copy is still the same are skipped, so that a run can be repeated or continued.
    """

    recording: Recording
    storage: Storage
    data_type: str
    algorithm: str
    media_type: str | None
    computes: bool
    started_at: datetime
    on_read: Callable[[int], None]
    _taken: dict[str, str] = attrs.field(factory=dict)

    async def execute(self, prefix: str) -> Report:
        """Register the objects under the prefix. Raises ``InvalidValue``, ``StorageUnavailable``."""
        if not isinstance(self.storage, ListingStorage):
            raise InvalidValue("The plugin of this storage cannot list what is there; name the files instead.")
        await self.recording.load()
        async for batch in _batches(self.storage.list(prefix)):
            at_once = asyncio.Semaphore(AT_ONCE)
            found = await asyncio.gather(*(self._new_file(item, at_once) for item in batch))
            await self.recording.record({new.url: new for new in found if new is not None and self._is_first(new)})
        return self.recording.report

    async def _new_file(self, item: ListedObject, at_once: asyncio.Semaphore) -> NewFile | None:
        name = unquote(urlsplit(item.url).path).rpartition("/")[2]
        if not name and item.size_bytes == 0:
            # What graphical clients put there to show a folder.
            return None
        async with at_once:
            try:
                if await self._is_done(item):
                    self.recording.report.unchanged += 1
                    return None
                checksum = await self._checksum(item)
                if checksum is None:
                    why = f"the storage knows no {self.algorithm} of it for certain; --compute reads it"
                    self.recording.fail(item.url, why)
                    return None
                if await self._is_elsewhere(checksum, item.url):
                    self.recording.report.duplicates += 1
                    return None
            except _OF_ONE_OBJECT as error:
                self.recording.fail(item.url, str(error))
                return None
        return NewFile(
            checksum=checksum,
            algorithm=self.algorithm,
            file_name=name,
            size_bytes=item.size_bytes,
            media_type=self.media_type or mimetypes.guess_type(name)[0] or "application/octet-stream",
            data_type=self.data_type,
            storage=self.recording.storage,
            url=item.url,
        )

    async def _is_done(self, item: ListedObject) -> bool:
        copy = self.recording.copies.get(item.url)
        if copy is None or copy.location.version is None:
            return False
        # A listing may say less of the identity than the object does when it is asked.
        if copy.location.version == item.version:
            return True
        return copy.location.version == (await self.storage.check(item.url)).version

    async def _checksum(self, item: ListedObject) -> str | None:
        known = dict([item.digest]) if item.digest is not None else {}
        if isinstance(self.storage, DigestingStorage):
            known |= await self.storage.digests(item.url)
        wanted = digest.canonical(self.algorithm)
        found = next((value for name, value in known.items() if digest.canonical(name) == wanted), None)
        if found is not None:
            self.on_read(item.size_bytes)
            return found
        return await self._computed(item) if self.computes else None

    async def _computed(self, item: ListedObject) -> str:
        hasher = digest.hasher(self.algorithm)
        assert hasher is not None, "the command offers only algorithms that can be computed"
        location = FileLocation(
            tenant=self.recording.tenant,
            checksum="-",
            storage=self.recording.storage,
            url=item.url,
            stored_at=self.started_at,
        )
        source = await self.storage.open(location, item.size_bytes)
        try:
            await self._feed(hasher, source)
            await source.check_unchanged()
        finally:
            await source.aclose()
        if (await self.storage.check(item.url)).version != source.status.version:
            raise CopyChanged("It was changed while it was read.")
        return hasher.hexdigest()

    async def _feed(self, hasher: digest.Hasher, source: ByteSource) -> None:
        offset = 0
        while offset < source.status.size_bytes:
            block = await source.read(offset, BLOCK_BYTES)
            await asyncio.to_thread(hasher.update, block)
            offset += len(block)
            self.on_read(len(block))

    async def _is_elsewhere(self, checksum: str, url: str) -> bool:
        """Whether the same bytes are recorded at another place that is still there: one copy per storage is enough."""
        place = self.recording.places.get(checksum)
        if place is None or place == url:
            return False
        try:
            await self.storage.check(place)
        except (CopyMissing, LocationRefused):
            return False
        return True

    def _is_first(self, new: NewFile) -> bool:
        """Whether no object before it in this run has the same bytes."""
        if self._taken.setdefault(new.checksum, new.url) == new.url:
            return True
        self.recording.report.duplicates += 1
        return False


async def _batches(items: AsyncIterator[ListedObject]) -> AsyncIterator[list[ListedObject]]:
    batch: list[ListedObject] = []
    async for item in items:
        batch.append(item)
        if len(batch) >= BATCH_OBJECTS:
            yield batch
            batch = []
    if batch:
        yield batch
