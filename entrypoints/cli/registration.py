"""Registering files that are already on a storage: what is new is hashed, and recorded in batches."""

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from application.errors import LocationRefused, StorageUnavailable
from application.ports.storage import StorageRegistry
from application.use_cases.register_files import NewFile
from entrypoints.cli.hashing import Hashed, Hashing, Identity
from entrypoints.cli.recording import Recording, Report

BATCH_FILES = 200
BATCH_BYTES = 1024**3
"""A batch is recorded after so many files or bytes: what an interruption costs at most."""


@attrs.define(eq=False)
class Registration:
    """One run over many files for one storage of a tenant.

    Files whose recorded copy is still the same object on the storage are skipped without reading them, so that a run
    can be repeated or continued. A file that fails is reported and does not stop the others.
    """

    recording: Recording
    data_type: str
    algorithm: str
    media_type: str | None
    registry: StorageRegistry
    on_read: Callable[[int], None]

    async def execute(self, paths: Iterable[Path]) -> Report:
        """Register the files at these paths."""
        await self.recording.load()
        batch: list[Hashed] = []
        size = 0
        async for result in Hashing(self.algorithm, self.on_read).of([p for p in paths if not await self._is_done(p)]):
            if not isinstance(result, Hashed):
                self._fail(result.path, result.reason)
                continue
            batch.append(result)
            size += result.identity.size_bytes
            if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
                await self._record(batch)
                batch, size = [], 0
        await self._record(batch)
        return self.recording.report

    async def _is_done(self, path: Path) -> bool:
        copy = self.recording.copies.get(path.as_uri())
        if copy is None or copy.storage is None or copy.location.version is None:
            return False
        try:
            status = await self.registry.storage(copy.storage).check(copy.location.url)
        except (StorageUnavailable, LocationRefused):
            return False
        if status.version != copy.location.version:
            return False
        self.on_read(status.size_bytes)
        self.recording.report.unchanged += 1
        return True

    async def _record(self, batch: list[Hashed]) -> None:
        files = {str(hashed.path): new for hashed in batch if (new := self._new_file(hashed)) is not None}
        await self.recording.record(files)

    def _new_file(self, hashed: Hashed) -> NewFile | None:
        path, url = hashed.path, hashed.path.as_uri()
        try:
            path.name.encode()
            if Identity.of(path) != hashed.identity:
                self._fail(path, "it was changed after it was read")
                return None
        except UnicodeEncodeError:
            self._fail(path, "its name is not UTF-8")
            return None
        except OSError as error:
            self._fail(path, error.strerror or str(error))
            return None
        if self._is_elsewhere(hashed.checksum, url):
            self.recording.report.duplicates += 1
            return None
        self.recording.places[hashed.checksum] = url
        return NewFile(
            checksum=hashed.checksum,
            algorithm=self.algorithm,
            file_name=path.name,
            size_bytes=hashed.identity.size_bytes,
            media_type=self.media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            data_type=self.data_type,
            storage=self.recording.storage,
            url=url,
        )

    def _is_elsewhere(self, checksum: str, url: str) -> bool:
        """Whether the same bytes are recorded at another path that still exists: one copy per storage is enough."""
        place = self.recording.places.get(checksum)
        return place is not None and place != url and _path_of(place).exists()

    def _fail(self, path: Path, reason: str) -> None:
        self.recording.fail(str(path), reason)


def _path_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))
