"""``rs-downloader files``: registered files and their copies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from application.ports.files import FilePage, FoundFile
from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.read_file import ReadFile, ReadFileRequest
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.verify_copy import VerifyCopy, VerifyCopyRequest
from domain.errors import NotFound
from domain.file import DataType
from domain.storage_location import StorageLocation
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.hashing import walk
from entrypoints.cli.listing import ListedRegistration
from entrypoints.cli.output import plain, print_json, print_table, size
from entrypoints.cli.recording import Recording, Report
from entrypoints.cli.registration import Registration
from entrypoints.cli.session import Session, run

ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "ADLER32", "CRC32")

PAGE = 1000


@click.group(cls=Group)
def files() -> None:
    """Files: what can be downloaded, known by its checksum."""


@files.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path(path_type=Path))
@click.option("--storage", required=True, help="Storage that the files are on.")
@click.option("--prefix", help="Instead of PATH: every object that the storage lists under this; '' is all of them.")
@click.option("--compute", is_flag=True, help="With --prefix: read objects whose checksum the storage does not know.")
@click.option(
    "--type",
    "data_type",
    required=True,
    type=click.Choice(list(DataType.__members__)),
    help="Data type; only RAWDATA counts against quotas.",
)
@click.option(
    "--algorithm",
    default="SHA-256",
    show_default=True,
    type=click.Choice(ALGORITHMS, case_sensitive=False),
    help="How the checksum is computed.",
)
@click.option("--media-type", help="Media type of all of them. [default: by the end of each name]")
@json_option
@tenant_option
@data_dir_option
@click.pass_context
def add(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    storage: str,
    prefix: str | None,
    compute: bool,
    data_type: str,
    algorithm: str,
    media_type: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    r"""Register files: every file at PATH, and in the folders there; or every object under a prefix of the storage.

    \b
    rs-downloader files add /data/products --storage disk1 --type RAWDATA
    rs-downloader files add --storage s3 --prefix 2024/ --type RAWDATA --algorithm MD5

    Files at PATH are hashed once. Checksums of objects are those that the storage knows for certain. What is
    registered and unchanged is skipped, so the command can be interrupted and repeated. A file that cannot be
    registered is reported, the others are registered, and the exit code is 1.
    """
    if (prefix is None) != bool(paths):
        raise click.UsageError("Give either PATH or --prefix.")
    if compute and prefix is None:
        raise click.UsageError("--compute goes with --prefix; files at PATH are always read.")
    found = list(walk(paths))

    async def work(session: Session) -> Report:
        location = await _storage(session, storage)
        registry = session.container.adapters.storage_registry()
        total = sum(path.stat().st_size for path in found if path.is_file()) if prefix is None else None
        with _progress("Hashing" if prefix is None else "Registering", total, as_json=as_json) as progress:
            recording = Recording(
                tenant=session.tenant,
                storage=storage,
                list_files=session.use_cases.list_files(),
                register_files=session.use_cases.register_files(),
                on_failure=lambda name, reason: progress.console.print(f"{name}: {reason}", markup=False),
            )

            def on_read(count: int) -> None:
                progress.update(progress.task_ids[0], advance=count)

            if prefix is not None:
                listed = ListedRegistration(
                    recording=recording,
                    storage=registry.storage(location),
                    data_type=data_type,
                    algorithm=algorithm,
                    media_type=media_type,
                    computes=compute,
                    started_at=session.container.adapters.clock().now(),
                    on_read=on_read,
                )
                return await listed.execute(prefix)
            registration = Registration(
                recording=recording,
                data_type=data_type,
                algorithm=algorithm,
                media_type=media_type,
                registry=registry,
                on_read=on_read,
            )
            return await registration.execute(found)

    report = run(data_dir, tenant, work)
    if as_json:
        print_json(report)
    else:
        same = f", {report.duplicates} with the bytes of another" if report.duplicates else ""
        click.echo(f"{report.registered} registered, {report.unchanged} unchanged{same}, {len(report.failed)} failed.")
    context.exit(1 if report.failed else 0)


async def _storage(session: Session, name: str) -> StorageLocation:
    """The configuration of a storage. Raises ``NotFound``."""
    async with session.container.adapters.unit_of_work() as unit:
        found: StorageLocation | None = await unit.storages.get(session.tenant, name)
    if found is None:
        raise NotFound(f"There is no storage {name!r}.")
    return found


@contextmanager
def _progress(what: str, total: int | None, *, as_json: bool) -> Iterator[Progress]:
    """A progress bar on standard error, for people only."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=as_json or not console.is_terminal, transient=True) as progress:
        progress.add_task(what, total=total)
        yield progress


@files.command("list")
@click.option("--storage", help="Only files with a copy on this storage.")
@json_option
@tenant_option
@data_dir_option
def list_(*, storage: str | None, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List registered files with their copies, by checksum."""

    async def work(session: Session) -> list[FoundFile]:
        list_files: ListFiles = session.use_cases.list_files()
        found: list[FoundFile] = []
        after: str | None = None
        while True:
            page: FilePage = await list_files.execute(
                ListFilesRequest(tenant=session.tenant, storage=storage, after=after, limit=PAGE)
            )
            found += page.files
            after = page.next_after
            if after is None:
                return found

    found = run(data_dir, tenant, work)
    if as_json:
        print_json([_view(item) for item in found])
        return
    print_table(
        ["name", "size", "type", "checksum", "storages"],
        [
            [
                item.file.file_name,
                size(item.file.size_bytes),
                item.file.data_type.value,
                item.file.checksum,
                ", ".join(copy.location.storage for copy in item.copies),
            ]
            for item in found
        ],
        empty="There are no files.",
    )


@files.command()
@click.argument("checksum")
@json_option
@tenant_option
@data_dir_option
def show(*, checksum: str, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show what is recorded of the file CHECKSUM."""

    async def work(session: Session) -> FoundFile:
        read_file: ReadFile = session.use_cases.read_file()
        return await read_file.execute(ReadFileRequest(tenant=session.tenant, checksum=checksum))

    view = _view(run(data_dir, tenant, work))
    if as_json:
        print_json(view)
        return
    copies = view.pop("copies")
    print_table(["what", "value"], view.items(), empty="")
    click.echo()
    print_table(
        ["storage", "url", "suspect since", "because"],
        [[c["storage"], c["url"], c["suspectSince"], c["suspectReason"]] for c in copies],
        empty="",
    )


@files.command()
@click.argument("checksum")
@click.option("--storage", required=True, help="Storage that the copy is on.")
@tenant_option
@data_dir_option
def remove(*, checksum: str, storage: str, tenant: str | None, data_dir: str | None) -> None:
    """Forget the copy of the file CHECKSUM on one storage, and the file with its last copy. No bytes are deleted."""

    async def work(session: Session) -> None:
        remove_location: RemoveFileLocation = session.use_cases.remove_file_location()
        await remove_location.execute(
            RemoveFileLocationRequest(tenant=session.tenant, checksum=checksum, storage=storage)
        )

    run(data_dir, tenant, work)
    click.echo(f"The copy on {storage} is forgotten.")


@files.command()
@click.argument("checksum")
@click.option("--storage", help="Only the copy on this storage. [default: every copy]")
@json_option
@tenant_option
@data_dir_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    checksum: str,
    storage: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Read copies of the file CHECKSUM in full and compare them with it.

    A wrong copy is not used for downloads any more; one that turns out right is used again. Exit code 1 when any is
    wrong.
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        read_file: ReadFile = session.use_cases.read_file()
        verify_copy: VerifyCopy = session.use_cases.verify_copy()
        found = await read_file.execute(ReadFileRequest(tenant=session.tenant, checksum=checksum))
        results = []
        for name in [storage] if storage else [copy.location.storage for copy in found.copies]:
            request = VerifyCopyRequest(tenant=session.tenant, checksum=checksum, storage=name)
            results.append({"storage": name, **plain(await verify_copy.execute(request))})
        return results

    results = run(data_dir, tenant, work)
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(f"{result['storage']}: {'right' if result['isRight'] else result['reason']}")
    context.exit(0 if all(result["isRight"] for result in results) else 1)


def _view(found: FoundFile) -> dict[str, Any]:
    """A file as it may be shown: the storages' own parameters are left out, they may hold secrets."""
    return {**plain(found.file), "copies": [plain(copy.location) for copy in found.copies]}
