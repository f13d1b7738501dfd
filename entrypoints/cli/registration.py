"""Registering files that are already on a storage: what is new is hashed, and recorded in batches."""

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from application.errors import LocationRefused, StorageUnavailable
from application.ports.storage import StorageRegistry
from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from domain.selection import Copy
from entrypoints.cli.hashing import Hashed, Hashing, Identity

BATCH_FILES = 200
BATCH_BYTES = 1024**3
"""A batch is recorded after so many files or bytes: what an interruption costs at most."""


@attrs.define
class Report:
    """What became of the files."""

    registered: int = 0
    unchanged: int = 0
    duplicates: int = 0
    failed: list[dict[str, str]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Registration:
    """One run over many files for one storage of a tenant.

    Files whose recorded copy is still the same object on the storage are skipped without reading them, so that a run
    can be repeated or continued. A file that fails is reported by ``on_failure`` and does not stop the others.
    """

    tenant: str
    storage: str
    data_type: str
    algorithm: str
    media_type: str | None
    list_files: ListFiles
    register_files: RegisterFiles
    registry: StorageRegistry
    on_read: Callable[[int], None]
    on_failure: Callable[[Path, str], None]
    report: Report = attrs.field(factory=Report)
    _known: dict[str, Copy] = attrs.field(factory=dict)
    _places: dict[str, str] = attrs.field(factory=dict)

    async def execute(self, paths: Iterable[Path]) -> Report:
        """Register the files at these paths."""
        await self._load_known()
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
        return self.report

    async def _load_known(self) -> None:
        after: str | None = None
        while True:
            page = await self.list_files.execute(
                ListFilesRequest(tenant=self.tenant, storage=self.storage, after=after, limit=1000)
            )
            for found in page.files:
                for copy in found.copies:
                    if copy.location.storage == self.storage:
                        self._known[copy.location.url] = copy
                        self._places[found.file.checksum] = copy.location.url
            after = page.next_after
            if after is None:
                return

    async def _is_done(self, path: Path) -> bool:
        copy = self._known.get(path.as_uri())
        if copy is None or copy.storage is None or copy.location.version is None:
            return False
        try:
            status = await self.registry.storage(copy.storage).check(copy.location.url)
        except (StorageUnavailable, LocationRefused):
            return False
        if status.version != copy.location.version:
            return False
        self.on_read(status.size_bytes)
        self.report.unchanged += 1
        return True

    async def _record(self, batch: list[Hashed]) -> None:
        files = {hashed.path: new for hashed in batch if (new := self._new_file(hashed)) is not None}
        while files:
            result = await self.register_files.execute(
                RegisterFilesRequest(tenant=self.tenant, files=tuple(files.values()))
            )
            if not isinstance(result, FilesRefused):
                self.report.registered += len(files)
                return
            paths = list(files)
            for refused in result.refused:
                self._fail(paths[refused.index], refused.reason)
                del files[paths[refused.index]]

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
            self.report.duplicates += 1
            return None
        self._places[hashed.checksum] = url
        return NewFile(
            checksum=hashed.checksum,
            algorithm=self.algorithm,
            file_name=path.name,
            size_bytes=hashed.identity.size_bytes,
            media_type=self.media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            data_type=self.data_type,
            storage=self.storage,
            url=url,
        )

    def _is_elsewhere(self, checksum: str, url: str) -> bool:
        """Whether the same bytes are recorded at another path that still exists: one copy per storage is enough."""
        place = self._places.get(checksum)
        return place is not None and place != url and _path_of(place).exists()

    def _fail(self, path: Path, reason: str) -> None:
        self.report.failed.append({"path": str(path), "reason": reason})
        self.on_failure(path, reason)


def _path_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))
