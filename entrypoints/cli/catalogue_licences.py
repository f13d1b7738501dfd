"""``rs-downloader catalog licences``: what is to be accepted before files are had."""

import rich_click as click

from application.use_cases.manage_licences import ListLicences, PutLicence, ResetLicence, WithdrawLicence
from domain.licence import Licence
from domain.urn import Urn
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_rows
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def licences() -> None:
    """Licences to accept before protected files may be had."""


@licences.command("set")
@click.argument("link")
@click.option("--dataset", help="URN of the dataset. [default: everything that has no licence of its own]")
@click.option("--text-sha256", help="SHA-256 of the text. Without it, another link is another text.")
@tenant_option
@data_dir_option
def set_(*, link: str, dataset: str | None, text_sha256: str | None, tenant: str | None, data_dir: str | None) -> None:
    """Ask for the licence at LINK to be accepted."""

    async def work(session: Session) -> Licence:
        put_licence: PutLicence = session.use_cases.put_licence()
        licence = Licence(tenant=session.tenant, dataset=_virtual(dataset), link=link, text_sha256=text_sha256)
        return await put_licence.execute(licence)

    licence = run(data_dir, tenant, work)
    click.echo(f"{licence.link} must be accepted, in edition {licence.edition}.")


@licences.command()
@click.option("--dataset", help="URN of the dataset. [default: the licence of the tenant]")
@tenant_option
@data_dir_option
def reset(*, dataset: str | None, tenant: str | None, data_dir: str | None) -> None:
    """Ask everybody to accept anew, whether or not the text has changed."""

    async def work(session: Session) -> Licence:
        reset_licence: ResetLicence = session.use_cases.reset_licence()
        return await reset_licence.execute(session.tenant, _virtual(dataset))

    licence = run(data_dir, tenant, work)
    click.echo(f"{licence.link} must be accepted anew, in edition {licence.edition}.")


@licences.command()
@click.option("--dataset", help="URN of the dataset. [default: the licence of the tenant]")
@tenant_option
@data_dir_option
def withdraw(*, dataset: str | None, tenant: str | None, data_dir: str | None) -> None:
    """Ask for it no more. What was accepted stays on record."""

    async def work(session: Session) -> None:
        withdraw_licence: WithdrawLicence = session.use_cases.withdraw_licence()
        await withdraw_licence.execute(session.tenant, _virtual(dataset))

    run(data_dir, tenant, work)
    click.echo("The licence is withdrawn.")


@licences.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List the licences in force."""

    async def work(session: Session) -> tuple[Licence, ...]:
        found: ListLicences = session.use_cases.list_licences()
        return await found.execute(session.tenant)

    names = ("dataset", "link", "edition")
    rows = [
        [None if licence.dataset is None else str(licence.dataset), licence.link, licence.edition]
        for licence in run(data_dir, tenant, work)
    ]
    print_rows(names, rows, as_json=as_json, empty="There are no licences.")


def _virtual(dataset: str | None) -> Urn | None:
    return None if dataset is None else Urn.parse(dataset).virtual_id
