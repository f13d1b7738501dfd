"""``rs-downloader storages``: where the files are."""

import rich_click as click

from application.use_cases.add_storage import AddStorage
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.list_storages import ListStorages, ListStoragesRequest, StorageView
from application.use_cases.move_storage import MoveStorage, MoveStorageRequest
from application.use_cases.remove_storage import RemoveStorage, RemoveStorageRequest
from domain.storage_location import Delivery
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json
from entrypoints.cli.scrub import scrub_report
from entrypoints.cli.session import Session, run
from entrypoints.cli.storage_options import delivery_option, parameters_option, path_option, plugin_parameters
from entrypoints.cli.storage_tables import print_parameters, print_storages


@click.group(cls=Group)
def storages() -> None:
    """Storages: the places that hold copies of files. The one with the best priority (0) is read first."""


@storages.command()
@click.argument("name")
@path_option
@click.option("--plugin", default="Local", show_default=True, help="Storage plugin; 'none' for an OFFLINE storage.")
@parameters_option
@click.option("--verify/--no-verify", default=False, help="Hash full files as they leave and withhold corrupted ones.")
@delivery_option
@tenant_option
@data_dir_option
def add(
    *,
    name: str,
    path: str | None,
    plugin: str,
    parameters: tuple[str, ...],
    verify: bool,
    delivery: str | None,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    r"""Configure the storage NAME.

    \b
    rs-downloader storages add disk1 --path /data/products
    """
    given = plugin_parameters(parameters, path)

    async def work(session: Session) -> StorageView:
        add_storage: AddStorage = session.use_cases.add_storage()
        return await add_storage.execute(
            StorageRequest(
                tenant=session.tenant,
                name=name,
                plugin_id=None if plugin == "none" else plugin,
                parameters=given,
                verify=verify,
                delivery=Delivery(delivery.upper()) if delivery else Delivery.STREAM,
            )
        )

    view = run(data_dir, tenant, work)
    click.echo(f"Storage {view.name} is configured: {view.storage_type.value}, priority {view.priority}.")


@storages.command("set")
@click.argument("name")
@path_option
@parameters_option
@click.option("--verify/--no-verify", default=None, help="Hash full files as they leave and withhold corrupted ones.")
@delivery_option
@click.option("--active/--inactive", default=None, help="An inactive storage is not read until it is active again.")
@tenant_option
@data_dir_option
def set_(
    *,
    name: str,
    path: str | None,
    parameters: tuple[str, ...],
    verify: bool | None,
    delivery: str | None,
    active: bool | None,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Change the storage NAME; what is not given stays as it is."""
    given = plugin_parameters(parameters, path)

    async def work(session: Session) -> StorageView:
        list_storages: ListStorages = session.use_cases.list_storages()
        change_storage: ChangeStorage = session.use_cases.change_storage()
        (old,) = await list_storages.execute(ListStoragesRequest(tenant=session.tenant, name=name))
        # Secrets read as None here; left out of the request, they keep their value.
        kept = {p.name: p.value for p in old.parameters if p.value is not None}
        return await change_storage.execute(
            StorageRequest(
                tenant=session.tenant,
                name=name,
                plugin_id=old.plugin_id,
                parameters=kept | given,
                active=old.active if active is None else active,
                verify=old.verify if verify is None else verify,
                delivery=Delivery(delivery.upper()) if delivery else old.delivery,
                allocated_size_kb=old.allocated_size_kb,
            )
        )

    view = run(data_dir, tenant, work)
    click.echo(f"Storage {name} is changed.")
    for warning in view.warnings:
        click.echo(f"Warning: {warning}", err=True)


@storages.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List storages by type and priority."""
    views = _read(data_dir, tenant, None)
    if as_json:
        print_json(views)
    else:
        print_storages(views)


@storages.command()
@click.argument("name")
@json_option
@tenant_option
@data_dir_option
def show(*, name: str, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show the storage NAME with the parameters of its plugin; secrets are not shown."""
    (view,) = _read(data_dir, tenant, name)
    if as_json:
        print_json(view)
        return
    print_storages((view,))
    click.echo()
    print_parameters(view)


@storages.command()
@click.argument("name")
@tenant_option
@data_dir_option
def up(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Read the storage NAME earlier: it changes places with the one before it."""
    _move(data_dir, tenant, name, up=True)


@storages.command()
@click.argument("name")
@tenant_option
@data_dir_option
def down(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Read the storage NAME later: it changes places with the one after it."""
    _move(data_dir, tenant, name, up=False)


@storages.command()
@click.argument("name")
@tenant_option
@data_dir_option
def remove(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Remove the storage NAME. Refused while files are registered on it; no bytes are deleted."""

    async def work(session: Session) -> None:
        remove_storage: RemoveStorage = session.use_cases.remove_storage()
        await remove_storage.execute(RemoveStorageRequest(tenant=session.tenant, name=name))

    run(data_dir, tenant, work)
    click.echo(f"Storage {name} is removed.")


def _read(data_dir: str | None, tenant: str | None, name: str | None) -> tuple[StorageView, ...]:
    async def work(session: Session) -> tuple[StorageView, ...]:
        list_storages: ListStorages = session.use_cases.list_storages()
        return await list_storages.execute(ListStoragesRequest(tenant=session.tenant, name=name))

    return run(data_dir, tenant, work)


def _move(data_dir: str | None, tenant: str | None, name: str, *, up: bool) -> None:
    async def work(session: Session) -> StorageView:
        move_storage: MoveStorage = session.use_cases.move_storage()
        return await move_storage.execute(MoveStorageRequest(tenant=session.tenant, name=name, up=up))

    view = run(data_dir, tenant, work)
    click.echo(f"Storage {view.name} has priority {view.priority} among {view.storage_type.value} storages.")


storages.add_command(scrub_report)
