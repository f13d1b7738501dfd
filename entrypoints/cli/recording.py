"""What one run of registration knows of a storage, records on it, and reports."""

from collections.abc import Callable, Mapping

import attrs

from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from domain.selection import Copy

PAGE = 1000


@attrs.define
class Report:
    """What became of the files."""

    registered: int = 0
    unchanged: int = 0
    duplicates: int = 0
    failed: list[dict[str, str]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Recording:
    """The files of a tenant on one storage: those registered so far, and new ones in batches.

    ``copies`` are known by URL, ``places`` are URLs by checksum; both are loaded once. A file that is refused is told
    to ``on_failure`` and does not stop the others.
    """

    tenant: str
    storage: str
    list_files: ListFiles
    register_files: RegisterFiles
    on_failure: Callable[[str, str], None]
    report: Report = attrs.field(factory=Report)
    copies: dict[str, Copy] = attrs.field(factory=dict)
    places: dict[str, str] = attrs.field(factory=dict)

    async def load(self) -> None:
        """Read what is registered on the storage."""
        after: str | None = None
        while True:
            page = await self.list_files.execute(
                ListFilesRequest(tenant=self.tenant, storage=self.storage, after=after, limit=PAGE)
            )
            for found in page.files:
                for copy in found.copies:
                    if copy.location.storage == self.storage:
                        self.copies[copy.location.url] = copy
                        self.places[found.file.checksum] = copy.location.url
            after = page.next_after
            if after is None:
                return

    async def record(self, batch: Mapping[str, NewFile]) -> None:
        """Register a batch, by what users call each file; all of it but what is refused, at once."""
        files = dict(batch)
        while files:
            result = await self.register_files.execute(
                RegisterFilesRequest(tenant=self.tenant, files=tuple(files.values()))
            )
            if not isinstance(result, FilesRefused):
                self.report.registered += len(files)
                return
            names = list(files)
            for refused in result.refused:
                self.fail(names[refused.index], refused.reason)
                del files[names[refused.index]]

    def fail(self, name: str, reason: str) -> None:
        """Report a file that is not registered."""
        self.report.failed.append({"path": name, "reason": reason})
        self.on_failure(name, reason)
