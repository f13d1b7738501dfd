"""``rs-downloader users``: who may log in here."""

import rich_click as click

from application.use_cases.manage_users import ListUsers, RemoveUser, SaveUser, SaveUserRequest
from domain.access import Caller, Role
from domain.user import User
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_rows
from entrypoints.cli.session import Session, run

_ROLES = [role.name for role in Role if role not in {Role.PUBLIC, Role.SYSTEM}]


def _operator(tenant: str) -> Caller:
    return Caller(tenant, "operator@localhost", Role.INSTANCE_ADMIN)


@click.group(cls=Group)
def users() -> None:
    """Users who log in with a password at /oauth/token."""


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice(_ROLES), help="[default: REGISTERED_USER, or as it is]")
@click.password_option(help="Asked for when it is not given.")
@tenant_option
@data_dir_option
def add(*, email: str, role: str | None, password: str, tenant: str | None, data_dir: str | None) -> None:
    """Add the user EMAIL, or give a known one a new password, which also ends a lock."""
    _save(data_dir, tenant, SaveUserRequest(email=email, password=password, role=Role[role] if role else None))


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice(_ROLES))
@click.option("--active/--inactive", default=None, help="Whether the user may log in.")
@tenant_option
@data_dir_option
def change(*, email: str, role: str | None, active: bool | None, tenant: str | None, data_dir: str | None) -> None:
    """Change what the user EMAIL may do."""
    _save(data_dir, tenant, SaveUserRequest(email=email, role=Role[role] if role else None, is_active=active))


@users.command()
@click.argument("email")
@tenant_option
@data_dir_option
def remove(*, email: str, tenant: str | None, data_dir: str | None) -> None:
    """Remove the user EMAIL with all that is kept of them: login, download account, groups, accepted licences."""

    async def work(session: Session) -> None:
        remove_user: RemoveUser = session.container.use_cases.remove_user()
        await remove_user.execute(_operator(session.tenant), email)

    run(data_dir, tenant, work)
    click.echo(f"User {email} is removed.")


@users.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List users."""

    async def work(session: Session) -> list[User]:
        list_users: ListUsers = session.container.use_cases.list_users()
        found: list[User] = []
        while page := await list_users.execute(session.tenant, after=found[-1].email if found else None, limit=1000):
            found.extend(page)
        return found

    found = run(data_dir, tenant, work)
    rows = [[user.email, user.role.name, str(user.is_active).lower(), user.added_at.isoformat()] for user in found]
    names, headings = ("email", "role", "active", "addedAt"), ["user", "role", "may log in", "since"]
    print_rows(names, rows, as_json=as_json, empty="There is no user yet.", headings=headings)


def _save(data_dir: str | None, tenant: str | None, request: SaveUserRequest) -> None:
    async def work(session: Session) -> tuple[User, bool]:
        save_user: SaveUser = session.container.use_cases.save_user()
        return await save_user.execute(_operator(session.tenant), request)

    user, is_new = run(data_dir, tenant, work)
    click.echo(f"User {user.email} is {'added' if is_new else 'changed'}: {user.role.name}.")
