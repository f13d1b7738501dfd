"""``rs-downloader catalog groups``, ``rights`` and ``licences``."""

import rich_click as click

from application.use_cases.manage_groups import (
    ChangeUserGroups,
    ChangeUserGroupsRequest,
    ListGroups,
    ListMembers,
    RemoveGroup,
    SaveGroup,
)
from application.use_cases.manage_licences import ListLicences, PutLicence, ResetLicence, WithdrawLicence
from application.use_cases.manage_rights import ListRights, RemoveRight, SaveRight
from domain.groups import AccessGroup
from domain.licence import Licence
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import Urn
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import Session, run

_METADATA = [level.value for level in MetadataLevel if level is not MetadataLevel.CUSTOM_ACCESS]
_FILES = [level.value for level in FileLevel if level is not FileLevel.CUSTOM_ACCESS]


@click.group(cls=Group)
def groups() -> None:
    """Groups of users, to whom rights are given."""


@groups.command("add")
@click.argument("name")
@click.option("--public", is_flag=True, help="Everybody is in it, the anonymous user too.")
@tenant_option
@data_dir_option
def add_group(*, name: str, public: bool, tenant: str | None, data_dir: str | None) -> None:
    """Make the group NAME, or change whether it is public."""

    async def work(session: Session) -> None:
        save_group: SaveGroup = session.use_cases.save_group()
        await save_group.execute(AccessGroup(tenant=session.tenant, name=name, is_public=public))

    run(data_dir, tenant, work)
    click.echo(f"Group {name} is there.")


@groups.command("remove")
@click.argument("name")
@tenant_option
@data_dir_option
def remove_group(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Remove the group NAME with its memberships and rights."""

    async def work(session: Session) -> None:
        remove: RemoveGroup = session.use_cases.remove_group()
        await remove.execute(session.tenant, name)

    run(data_dir, tenant, work)
    click.echo(f"Group {name} is removed.")


@groups.command("list")
@json_option
@tenant_option
@data_dir_option
def list_groups(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List groups and who was put into them."""

    async def work(session: Session) -> list[tuple[AccessGroup, tuple[str, ...]]]:
        found: ListGroups = session.use_cases.list_groups()
        members: ListMembers = session.use_cases.list_members()
        return [
            (group, await members.execute(session.tenant, group.name)) for group in await found.execute(session.tenant)
        ]

    found = run(data_dir, tenant, work)
    if as_json:
        print_json([{"name": group.name, "public": group.is_public, "users": users} for group, users in found])
        return
    rows = [[group.name, group.is_public, ", ".join(users)] for group, users in found]
    print_table(["group", "public", "users"], rows, empty="There are no groups.")


@groups.command()
@click.argument("name")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@tenant_option
@data_dir_option
def put(*, name: str, emails: tuple[str, ...], tenant: str | None, data_dir: str | None) -> None:
    """Put the users EMAIL into the group NAME."""
    _change_members(data_dir, tenant, emails, add=[name])


@groups.command()
@click.argument("name")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@tenant_option
@data_dir_option
def take(*, name: str, emails: tuple[str, ...], tenant: str | None, data_dir: str | None) -> None:
    """Take the users EMAIL out of the group NAME."""
    _change_members(data_dir, tenant, emails, remove=[name])


def _change_members(
    data_dir: str | None,
    tenant: str | None,
    emails: tuple[str, ...],
    *,
    add: list[str] | None = None,
    remove: list[str] | None = None,
) -> None:
    async def work(session: Session) -> None:
        change: ChangeUserGroups = session.use_cases.change_user_groups()
        for email in emails:
            request = ChangeUserGroupsRequest(tenant=session.tenant, email=email, add=add or (), remove=remove or ())
            click.echo(f"{email}: {', '.join(await change.execute(request)) or 'no group'}")

    run(data_dir, tenant, work)


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
def set_right(*, group: str, dataset: str, metadata: str, files: str, tenant: str | None, data_dir: str | None) -> None:
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


@rights.command("remove")
@click.argument("group")
@click.argument("dataset")
@tenant_option
@data_dir_option
def remove_right(*, group: str, dataset: str, tenant: str | None, data_dir: str | None) -> None:
    """Take away the right of the group GROUP on the dataset DATASET."""

    async def work(session: Session) -> None:
        remove: RemoveRight = session.use_cases.remove_right()
        await remove.execute(session.tenant, group, Urn.parse(dataset))

    run(data_dir, tenant, work)
    click.echo("The right is taken away.")


@rights.command("list")
@json_option
@tenant_option
@data_dir_option
def list_rights(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List rights by dataset and group."""

    async def work(session: Session) -> tuple[AccessRight, ...]:
        found: ListRights = session.use_cases.list_rights()
        return await found.execute(session.tenant)

    names = ("dataset", "group", "metadata", "files")
    rows = [
        [str(right.dataset), right.group, right.metadata_level.value, right.file_level.value]
        for right in run(data_dir, tenant, work)
    ]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows, empty="There are no rights: only administrators see products.")


@click.group(cls=Group)
def licences() -> None:
    """Licences to accept before protected files may be had."""


@licences.command("set")
@click.argument("link")
@click.option("--dataset", help="URN of the dataset. [default: everything that has no licence of its own]")
@click.option("--text-sha256", help="SHA-256 of the text. Without it, another link is another text.")
@tenant_option
@data_dir_option
def set_licence(
    *, link: str, dataset: str | None, text_sha256: str | None, tenant: str | None, data_dir: str | None
) -> None:
    """Ask for the licence at LINK to be accepted."""

    async def work(session: Session) -> Licence:
        put_licence: PutLicence = session.use_cases.put_licence()
        licence = Licence(tenant=session.tenant, dataset=_virtual(dataset), link=link, text_sha256=text_sha256)
        return await put_licence.execute(licence)

    licence = run(data_dir, tenant, work)
    click.echo(f"{licence.link} must be accepted, in edition {licence.edition}.")


@licences.command("reset")
@click.option("--dataset", help="URN of the dataset. [default: the licence of the tenant]")
@tenant_option
@data_dir_option
def reset_licence(*, dataset: str | None, tenant: str | None, data_dir: str | None) -> None:
    """Ask everybody to accept anew, whether or not the text has changed."""

    async def work(session: Session) -> Licence:
        reset: ResetLicence = session.use_cases.reset_licence()
        return await reset.execute(session.tenant, _virtual(dataset))

    licence = run(data_dir, tenant, work)
    click.echo(f"{licence.link} must be accepted anew, in edition {licence.edition}.")


@licences.command("withdraw")
@click.option("--dataset", help="URN of the dataset. [default: the licence of the tenant]")
@tenant_option
@data_dir_option
def withdraw_licence(*, dataset: str | None, tenant: str | None, data_dir: str | None) -> None:
    """Ask for it no more. What was accepted stays on record."""

    async def work(session: Session) -> None:
        withdraw: WithdrawLicence = session.use_cases.withdraw_licence()
        await withdraw.execute(session.tenant, _virtual(dataset))

    run(data_dir, tenant, work)
    click.echo("The licence is withdrawn.")


@licences.command("list")
@json_option
@tenant_option
@data_dir_option
def list_licences(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List the licences in force."""

    async def work(session: Session) -> tuple[Licence, ...]:
        found: ListLicences = session.use_cases.list_licences()
        return await found.execute(session.tenant)

    names = ("dataset", "link", "edition")
    rows = [
        [None if licence.dataset is None else str(licence.dataset), licence.link, licence.edition]
        for licence in run(data_dir, tenant, work)
    ]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows, empty="There are no licences.")


def _virtual(dataset: str | None) -> Urn | None:
    return None if dataset is None else Urn.parse(dataset).virtual_id
