"""``rs-downloader files add``: registering what is on a storage, by path or as the storage lists it."""

from pathlib import Path

import rich_click as click
from rich.progress import DownloadColumn, TransferSpeedColumn

from domain.errors import NotFound
from domain.file import DataType
from domain.storage_location import StorageLocation
from entrypoints.cli.commands import data_dir_option, json_option, tenant_option
from entrypoints.cli.hashing import walk
from entrypoints.cli.listing import ListedRegistration
from entrypoints.cli.output import print_json
from entrypoints.cli.progress_bar import progress_bar
from entrypoints.cli.recording import Recording, Report
from entrypoints.cli.registration import Registration
from entrypoints.cli.session import Session, run

ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "ADLER32", "CRC32")


@click.command()
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
        what = "Hashing" if prefix is None else "Registering"
        with progress_bar(what, total, DownloadColumn(), TransferSpeedColumn(), as_json=as_json) as progress:
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
