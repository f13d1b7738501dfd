"""``rs-downloader cache``: the internal cache of restored files."""

import rich_click as click

from application.use_cases.check_cache import CacheChecked, CheckCache
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.read_cache import CacheView, ReadCache
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, size
from entrypoints.cli.session import Session, run, run_with_container
from entrypoints.containers import CLIContainer


@click.group(cls=Group)
def cache() -> None:
    """The internal cache, where files lie that were restored from nearline storages."""


@cache.command()
@json_option
@tenant_option
@data_dir_option
def status(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show how full the cache of a tenant is, and when room becomes free next."""

    async def work(session: Session) -> CacheView:
        read_cache: ReadCache = session.use_cases.read_cache()
        return await read_cache.execute(session.tenant)

    view = run(data_dir, tenant, work)
    if as_json:
        print_json(view)
        return
    click.echo(f"folder    {view.folder}")
    click.echo(f"limit     {size(view.limit_bytes)} (the tenant's setting cacheMaxSize)")
    click.echo(f"files     {view.files}, {size(view.cached_bytes)}; {view.expired_files} of them have expired")
    click.echo(f"reserved  {size(view.reserved_bytes)} for restorations that are under way")
    if view.next_expiry is not None:
        click.echo(f"next end  {view.next_expiry:%Y-%m-%d %H:%M:%S}Z")


@cache.command()
@json_option
@data_dir_option
def clean(*, as_json: bool, data_dir: str | None) -> None:
    """Remove what has expired, and make the folder and its records agree, for all tenants.

    Servers and workers do it by themselves. What has not expired stays.
    """

    async def work(container: CLIContainer) -> tuple[int, CacheChecked]:
        expire: ExpireCopies = container.use_cases.expire_copies()
        check: CheckCache = container.use_cases.check_cache()
        return await expire.execute(), await check.execute()

    expired, checked = run_with_container(data_dir, work)
    if as_json:
        print_json(
            {
                "expired": expired,
                "removedRecords": checked.removed_rows,
                "removedFiles": checked.removed_files,
            }
        )
        return
    click.echo(
        f"{expired} expired copies removed; {checked.removed_rows} records had no file of the right size, "
        f"{checked.removed_files} files had no record."
    )
