"""``rs-downloader catalog groups``: who belongs together."""

import rich_click as click

from application.use_cases.manage_groups import (
    ChangeUserGroups,
    ChangeUserGroupsRequest,
    ListGroups,
    ListMembers,
    RemoveGroup,
    SaveGroup,
)
from domain.groups import AccessGroup
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def groups() -> None:
    """Groups of users, to whom rights are given."""


@groups.command()
@click.argument("name")
@click.option("--public", is_flag=True, help="Everybody is in it, the anonymous user too.")
@tenant_option
@data_dir_option
def add(*, name: str, public: bool, tenant: str | None, data_dir: str | None) -> None:
    """Make the group NAME, or change whether it is public."""

    async def work(session: Session) -> None:
        save_group: SaveGroup = session.use_cases.save_group()
        await save_group.execute(AccessGroup(tenant=session.tenant, name=name, is_public=public))

    run(data_dir, tenant, work)
    click.echo(f"Group {name} is there.")


@groups.command()
@click.argument("name")
@tenant_option
@data_dir_option
def remove(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Remove the group NAME with its memberships and rights."""

    async def work(session: Session) -> None:
        remove_group: RemoveGroup = session.use_cases.remove_group()
        await remove_group.execute(session.tenant, name)

    run(data_dir, tenant, work)
    click.echo(f"Group {name} is removed.")


@groups.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
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
