"""``rs-downloader catalog rights``: what groups see of datasets, and whether they get the files."""

import rich_click as click

from application.use_cases.manage_rights import ListRights, RemoveRight, SaveRight
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import Urn
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_rows
from entrypoints.cli.session import Session, run

_METADATA = [level.value for level in MetadataLevel if level is not MetadataLevel.CUSTOM_ACCESS]
_FILES = [level.value for level in FileLevel if level is not FileLevel.CUSTOM_ACCESS]


@click.group(cls=Group)
def rights() -> None:
    """Rights of groups on datasets."""


@rights.command("set")
@click.argument("group")
@click.argument("dataset")
@click.option(
    "--metadata", type=click.Choice(_METADATA), default="FULL_ACCESS", show_default=True, help="What the group sees."
)
@click.option(
    "--files",
    type=click.Choice(_FILES),
    default="INHERITED_ACCESS",
    show_default=True,
    help="Whether it gets the files of what it sees.",
)
@tenant_option
@data_dir_option
def set_(*, group: str, dataset: str, metadata: str, files: str, tenant: str | None, data_dir: str | None) -> None:
    """Give the group GROUP a right on the dataset DATASET (a URN), in place of the one it has."""

    async def work(session: Session) -> None:
        save_right: SaveRight = session.use_cases.save_right()
        right = AccessRight(
            tenant=session.tenant,
            group=group,
            dataset=Urn.parse(dataset).virtual_id,
            metadata_level=MetadataLevel(metadata),
            file_level=FileLevel(files),
        )
        await save_right.execute(right)

    run(data_dir, tenant, work)
    click.echo(f"Group {group} has {metadata} to {dataset} and {files} to files.")


@rights.command()
@click.argument("group")
@click.argument("dataset")
@tenant_option
@data_dir_option
def remove(*, group: str, dataset: str, tenant: str | None, data_dir: str | None) -> None:
    """Take away the right of the group GROUP on the dataset DATASET."""

    async def work(session: Session) -> None:
        remove_right: RemoveRight = session.use_cases.remove_right()
        await remove_right.execute(session.tenant, group, Urn.parse(dataset))

    run(data_dir, tenant, work)
    click.echo("The right is taken away.")


@rights.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List rights by dataset and group."""

    async def work(session: Session) -> tuple[AccessRight, ...]:
        found: ListRights = session.use_cases.list_rights()
        return await found.execute(session.tenant)

    names = ("dataset", "group", "metadata", "files")
    rows = [
        [str(right.dataset), right.group, right.metadata_level.value, right.file_level.value]
        for right in run(data_dir, tenant, work)
    ]
    print_rows(names, rows, as_json=as_json, empty="There are no rights: only administrators see products.")
