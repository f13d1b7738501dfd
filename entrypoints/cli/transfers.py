"""``rs-downloader transfers``: response bodies in flight."""

import rich_click as click

from application.use_cases.end_transfer import EndTransfer, EndTransferRequest
from application.use_cases.list_transfers import ListTransfers, ListTransfersRequest, TransferView
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table, size
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def transfers() -> None:
    """Transfers: what is being sent right now, by any instance."""


@transfers.command("list")
@click.option("--user", help="Only those of this user.")
@json_option
@tenant_option
@data_dir_option
def list_(*, user: str | None, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List running transfers, oldest first. Progress is some seconds old at most."""

    async def work(session: Session) -> tuple[TransferView, ...]:
        list_transfers: ListTransfers = session.use_cases.list_transfers()
        return await list_transfers.execute(ListTransfersRequest(caller=session.caller, email=user))

    found = run(data_dir, tenant, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ["transfer", "user", "file", "sent", "of", "since", "client"],
        [
            [
                t.id,
                t.email,
                t.file_name or t.checksum,
                size(t.delivered_bytes),
                size(t.reserved_bytes),
                t.started_at,
                t.client,
            ]
            for t in found
        ],
        empty="Nothing is being sent.",
    )


@transfers.command()
@click.argument("transfer_id", metavar="TRANSFER")
@tenant_option
@data_dir_option
def end(*, transfer_id: str, tenant: str | None, data_dir: str | None) -> None:
    """End TRANSFER: the instance that sends it cuts it within seconds; what was not sent is given back."""

    async def work(session: Session) -> None:
        end_transfer: EndTransfer = session.use_cases.end_transfer()
        await end_transfer.execute(EndTransferRequest(caller=session.caller, transfer_id=transfer_id))

    run(data_dir, tenant, work)
    click.echo(f"The end of transfer {transfer_id} is asked for.")
