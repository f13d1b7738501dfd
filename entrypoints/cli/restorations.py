"""``rs-downloader restore``: have nearline files made readable."""

import asyncio

import rich_click as click

from application.use_cases.read_restorations import GroupView, ReadRestorations
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.errors import FileNotReadable
from domain.restoration import DEFAULT_HOURS
from entrypoints.cli.commands import data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import OPERATOR, Session, run
from entrypoints.restoring import restoring

PENDING = "PENDING"
LOOK_SECONDS = 1.0


@click.command()
@click.argument("checksums", metavar="CHECKSUM...", nargs=-1, required=True)
@click.option("--hours", type=int, default=DEFAULT_HOURS, show_default=True, help="How long they are to be readable.")
@click.option("--group", help="Name of the group; asking again the same does nothing. [default: a new one]")
@click.option("--wait", is_flag=True, help="Wait for the end, and do the work here if no server or worker does.")
@json_option
@tenant_option
@data_dir_option
def restore(
    *,
    checksums: tuple[str, ...],
    hours: int,
    group: str | None,
    wait: bool,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Ask that the files CHECKSUM... be restored from their nearline storages.

    With --wait the exit code is 1 when not all of them are available in the end.
    """

    async def work(session: Session) -> GroupView:
        request: RequestRestoration = session.use_cases.request_restoration()
        asked = await request.execute(
            RequestRestorationRequest(
                tenant=session.tenant,
                group_id=group,
                checksums=checksums,
                available_hours=hours,
                requested_by=OPERATOR,
            )
        )
        if wait:
            await _wait(session, asked.group_id)
        read: ReadRestorations = session.use_cases.read_restorations()
        return await read.execute(session.tenant, asked.group_id)

    view = run(data_dir, tenant, work)
    if as_json:
        print_json(view)
    else:
        click.echo(f"group {view.group_id} is {view.state}.")
        print_table(
            ["file", "state", "until", "estimate s", "reason"],
            [
                [file.checksum, file.state, file.available_until, file.estimated_seconds, file.reason]
                for file in view.files
            ],
            empty="",
        )
    if wait and view.state != "SUCCESS":
        raise FileNotReadable("Not all files are available.")


async def _wait(session: Session, group_id: str) -> None:
    """Do what servers and workers do as well; together they do each thing once."""
    here = restoring(session.container)
    read: ReadRestorations = session.use_cases.read_restorations()
    while (await read.execute(session.tenant, group_id)).state == PENDING:
        await here.round()
        await here.copy()
        await asyncio.sleep(LOOK_SECONDS)
