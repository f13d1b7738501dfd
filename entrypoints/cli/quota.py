"""``rs-downloader quota``: limits and use of download accounts."""

import rich_click as click

from application.use_cases.forget_user import ForgetUser, ForgetUserRequest
from application.use_cases.read_quota import QuotaView, ReadQuota, ReadQuotaRequest
from application.use_cases.set_quota import SetQuota, SetQuotaRequest
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import limit, print_json, print_table
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def quota() -> None:
    """Quotas: how many files a user may download ever, and at the same time. Only RAWDATA counts."""


@quota.command()
@click.argument("users", nargs=-1, required=True, metavar="USER...")
@json_option
@tenant_option
@data_dir_option
def show(*, users: tuple[str, ...], as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show limits and use of one or more USERs (their e-mail)."""

    async def work(session: Session) -> tuple[QuotaView, ...]:
        read_quota: ReadQuota = session.use_cases.read_quota()
        return await read_quota.execute(ReadQuotaRequest(session.caller, users))

    _print(run(data_dir, tenant, work), as_json=as_json)


@quota.command("set")
@click.argument("user")
@click.option("--max-quota", type=int, help="Files ever; -1 is unlimited, 0 allows none.")
@click.option("--rate-limit", type=int, help="Downloads in progress; -1 is unlimited, 0 allows none.")
@click.option("--inherit", is_flag=True, help="No own limits any more: those of the tenant.")
@json_option
@tenant_option
@data_dir_option
def set_(
    *,
    user: str,
    max_quota: int | None,
    rate_limit: int | None,
    inherit: bool,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Give USER own limits: both --max-quota and --rate-limit, or --inherit. Running downloads go on."""
    given = [value for value in (max_quota, rate_limit) if value is not None]
    if len(given) != (0 if inherit else 2):
        raise click.UsageError("Give both --max-quota and --rate-limit, or only --inherit.")

    async def work(session: Session) -> QuotaView:
        set_quota: SetQuota = session.use_cases.set_quota()
        request = SetQuotaRequest(tenant=session.tenant, email=user, max_quota=max_quota, rate_limit=rate_limit)
        return await set_quota.execute(request)

    _print((run(data_dir, tenant, work),), as_json=as_json)


@quota.command()
@click.argument("user")
@tenant_option
@data_dir_option
def forget(*, user: str, tenant: str | None, data_dir: str | None) -> None:
    """Delete the account of USER with its limits and its use."""

    async def work(session: Session) -> None:
        forget_user: ForgetUser = session.use_cases.forget_user()
        await forget_user.execute(ForgetUserRequest(tenant=session.tenant, email=user))

    run(data_dir, tenant, work)
    click.echo(f"The download account of {user} is deleted.")


def _print(views: tuple[QuotaView, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(views)
        return
    print_table(
        ["user", "files used", "of", "running", "of"],
        [[v.email, v.current_quota, limit(v.max_quota), v.current_rate, limit(v.rate_limit)] for v in views],
        empty="",
    )
