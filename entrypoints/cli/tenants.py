"""``rs-downloader tenants``: who is served."""

import rich_click as click

from application.use_cases.add_tenant import AddTenant
from application.use_cases.list_tenants import ListTenants
from application.use_cases.remove_tenant import RemoveTenant
from domain.errors import NotFound
from entrypoints.cli.commands import Group, data_dir_option, json_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import run_with_container
from entrypoints.containers import CLIContainer


@click.group(cls=Group)
def tenants() -> None:
    """Tenants: separate archives, each with its own files, storages, users and settings."""


@tenants.command()
@click.argument("name")
@data_dir_option
def add(*, name: str, data_dir: str | None) -> None:
    """Start to serve the tenant NAME."""

    async def work(container: CLIContainer) -> bool:
        add_tenant: AddTenant = container.use_cases.add_tenant()
        return await add_tenant.execute(name)

    is_new = run_with_container(data_dir, work)
    click.echo(f"Tenant {name} is served now." if is_new else f"Tenant {name} was served already.")


@tenants.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask. There is no way back.")
@data_dir_option
def remove(*, name: str, yes: bool, data_dir: str | None) -> None:
    """Serve the tenant NAME no more, and delete all that is recorded of it. No byte of a storage is deleted."""
    if not yes:
        click.confirm(f"Delete everything that is recorded of the tenant {name}?", abort=True)

    async def work(container: CLIContainer) -> bool:
        remove_tenant: RemoveTenant = container.use_cases.remove_tenant()
        return await remove_tenant.execute(name)

    if not run_with_container(data_dir, work):
        raise NotFound(f"There is no tenant {name!r}.")
    click.echo(f"Tenant {name} is removed.")


@tenants.command("list")
@json_option
@data_dir_option
def list_(*, as_json: bool, data_dir: str | None) -> None:
    """List the tenants that are served."""

    async def work(container: CLIContainer) -> tuple[str, ...]:
        list_tenants: ListTenants = container.use_cases.list_tenants()
        return await list_tenants.execute()

    names = run_with_container(data_dir, work)
    if as_json:
        print_json(names)
    else:
        print_table(["tenant"], [[name] for name in names], empty="There is no tenant yet.")
