"""One run of an import: documents in batches, each taken as a whole or refused, and their files if wanted."""

from collections.abc import Callable, Iterable

import attrs

from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from application.use_cases.register_products import ProductsReport, RegisterProducts, RegisterProductsRequest
from domain.product import FileEntry
from domain.urn import Urn
from entrypoints.cli.catalogue_documents import Found

BATCH = 500
"""Documents that are recorded at once: what an interruption costs at most."""


@attrs.define
class ImportReport:
    """What became of everything; each refusal names its place in the files."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[dict[str, str]] = attrs.field(factory=list)
    files_registered: int = 0
    files_refused: list[dict[str, str]] = attrs.field(factory=list)


@attrs.define(eq=False)
class CatalogueImport:
    """Takes documents into the catalogue of a tenant, and registers the files that they name on ``storage`` if given.

    Running it again takes up what is missing: what is known and the same changes nothing. ``on_progress`` is told the
    position in the present file; ``on_refusal`` hears of each document and file that is refused, by place and reason.
    """

    tenant: str
    register_products: RegisterProducts
    register_files: RegisterFiles
    on_progress: Callable[[int], None]
    on_refusal: Callable[[str, str], None]
    datasets: tuple[Urn, ...] = ()
    storage: str | None = None
    report: ImportReport = attrs.field(factory=ImportReport)

    async def execute(self, found: Iterable[Found]) -> None:
        """Import the documents of one file."""
        batch: list[Found] = []
        for item in found:
            if item.problem is not None:
                self._refuse(item.place, "", item.problem)
            else:
                batch.append(item)
            if len(batch) >= BATCH:
                await self._take(batch)
                batch = []
            self.on_progress(item.position)
        await self._take(batch)

    async def _take(self, batch: list[Found]) -> None:
        if not batch:
            return
        request = RegisterProductsRequest(
            tenant=self.tenant, documents=tuple(item.document for item in batch), datasets=self.datasets
        )
        result = await self.register_products.execute(request)
        self.report.added += result.added
        self.report.changed += result.changed
        self.report.unchanged += result.unchanged
        for refused in result.refused:
            self._refuse(batch[refused.index].place, refused.name, refused.reason)
        if self.storage is not None:
            await self._register_files(batch, result, self.storage)

    async def _register_files(self, batch: list[Found], result: ProductsReport, storage: str) -> None:
        files: list[tuple[str, NewFile]] = []
        for index, product in result.products:
            for entry in product.files:
                if entry.is_reference or entry.uri is None:
                    continue
                new = _new_file(entry, entry.uri, storage)
                if isinstance(new, NewFile):
                    files.append((batch[index].place, new))
                else:
                    self._refuse_file(batch[index].place, entry.file_name, new)
        while files:
            request = RegisterFilesRequest(tenant=self.tenant, files=tuple(new for _, new in files))
            outcome = await self.register_files.execute(request)
            if not isinstance(outcome, FilesRefused):
                self.report.files_registered += outcome.count
                return
            bad = {refused.index: refused.reason for refused in outcome.refused}
            for index, reason in bad.items():
                self._refuse_file(files[index][0], files[index][1].file_name, reason)
            files = [file for index, file in enumerate(files) if index not in bad]

    def _refuse(self, place: str, name: str, reason: str) -> None:
        self.report.refused.append({"place": place, "name": name, "reason": reason})
        self.on_refusal(place, reason)

    def _refuse_file(self, place: str, name: str, reason: str) -> None:
        self.report.files_refused.append({"place": place, "file": name, "reason": reason})
        self.on_refusal(place, f"{name}: {reason}")


def _new_file(entry: FileEntry, url: str, storage: str) -> NewFile | str:
    """The file to register, or why it cannot be."""
    if entry.checksum is None or entry.algorithm is None or entry.size_bytes is None:
        return "its checksum, algorithm and size must be stated to register it"
    return NewFile(
        checksum=entry.checksum,
        algorithm=entry.algorithm,
        file_name=entry.file_name,
        size_bytes=entry.size_bytes,
        media_type=entry.media_type,
        data_type=entry.data_type.value,
        storage=storage,
        url=url,
    )
