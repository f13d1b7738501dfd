"""``rs-downloader catalog``: products in, and who may see and have them."""

from pathlib import Path

import rich_click as click
from rich.progress import TaskProgressColumn

from application.use_cases.manage_groups import ListGroups, SaveGroup
from application.use_cases.manage_rights import SaveRight
from domain.errors import InvalidValue
from domain.groups import AccessGroup
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import EntityType, Urn
from entrypoints.cli.catalogue_documents import documents
from entrypoints.cli.catalogue_groups import groups
from entrypoints.cli.catalogue_import import CatalogueImport, ImportReport
from entrypoints.cli.catalogue_licences import licences
from entrypoints.cli.catalogue_products import products
from entrypoints.cli.catalogue_rights import rights
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json
from entrypoints.cli.progress_bar import progress_bar
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def catalog() -> None:
    """The catalogue: products with their files, and who may see and have them."""


for group in (products, groups, rights, licences):
    catalog.add_command(group)


@catalog.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dataset", "datasets", multiple=True, help="URN of a dataset that all products join; repeat for more.")
@click.option(
    "--group",
    "group_names",
    multiple=True,
    help="With --dataset: a group that gets full access to it, made if there is none; repeat for more.",
)
@click.option(
    "--register-files",
    "storage",
    metavar="STORAGE",
    help="Also register each file that lies where this storage may read, under the address that its product names.",
)
@json_option
@tenant_option
@data_dir_option
@click.pass_context
def import_(
    context: click.Context,
    *,
    files: tuple[Path, ...],
    datasets: tuple[str, ...],
    group_names: tuple[str, ...],
    storage: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    r"""Take the products in FILE into the catalogue: features of REGARDS, items and collections of STAC.

    \b
    rs-downloader catalog import items.ndjson --register-files disk1
    rs-downloader catalog import scenes.json --dataset URN:AIP:DATASET:... --group readers

    A FILE holds one document, a FeatureCollection or a list of them, or one document on each line (NDJSON, for any
    number of them). A document is taken as a whole or refused with the reason, the others are taken, and the exit code
    is 1. What is known and the same changes nothing, so the command can be interrupted and repeated.
    """
    joined = tuple(_dataset(text) for text in datasets)
    if group_names and not joined:
        raise click.UsageError("--group goes with --dataset: rights are given on datasets.")

    async def work(session: Session) -> ImportReport:
        await _grant(session, group_names, joined)
        total = sum(path.stat().st_size for path in files)
        with progress_bar("Importing", total, TaskProgressColumn(), as_json=as_json) as progress:
            done = 0
            task = progress.task_ids[0]
            run_of_all = CatalogueImport(
                tenant=session.tenant,
                register_products=session.use_cases.register_products(),
                register_files=session.use_cases.register_files(),
                on_progress=lambda position: progress.update(task, completed=done + position),
                on_refusal=lambda place, reason: progress.console.print(f"{place}: {reason}", markup=False),
                datasets=joined,
                storage=storage,
            )
            for path in files:
                await run_of_all.execute(documents(path))
                done += path.stat().st_size
        return run_of_all.report

    report = run(data_dir, tenant, work)
    if as_json:
        print_json(report)
    else:
        click.echo(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{len(report.refused)} refused."
        )
        if storage is not None:
            click.echo(f"{report.files_registered} files registered, {len(report.files_refused)} refused.")
    context.exit(1 if report.refused or report.files_refused else 0)


def _dataset(text: str) -> Urn:
    urn = Urn.parse(text)
    if urn.entity_type is not EntityType.DATASET:
        raise InvalidValue(f"{urn} names no dataset.")
    return urn


async def _grant(session: Session, names: tuple[str, ...], datasets: tuple[Urn, ...]) -> None:
    """Full access to the datasets for the groups, which are made where there are none."""
    list_groups: ListGroups = session.use_cases.list_groups()
    save_group: SaveGroup = session.use_cases.save_group()
    save_right: SaveRight = session.use_cases.save_right()
    known = {group.name for group in await list_groups.execute(session.tenant)}
    for name in names:
        if name not in known:
            await save_group.execute(AccessGroup(tenant=session.tenant, name=name))
        for dataset in datasets:
            right = AccessRight(
                tenant=session.tenant,
                group=name,
                dataset=dataset.virtual_id,
                metadata_level=MetadataLevel.FULL_ACCESS,
                file_level=FileLevel.INHERITED_ACCESS,
            )
            await save_right.execute(right)
