"""``rs-downloader tickets``: short-lived permissions to fetch one file without a session."""

import rich_click as click

from application.use_cases.issue_ticket import IssuedTicket, IssueTicket, IssueTicketRequest
from application.use_cases.list_tickets import ListTickets, ListTicketsRequest, TicketPage, TicketView
from application.use_cases.revoke_ticket import RevokeTicket, RevokeTicketRequest
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import OPERATOR, Session, run


@click.group(cls=Group)
def tickets() -> None:
    """Tickets: short-lived, revocable permissions to fetch one file without a session."""


@tickets.command()
@click.argument("checksum")
@click.option("--lifetime", type=int, help="Seconds until it expires. [default: the tenant's ticketLifetime]")
@click.option("--max-uses", type=int, help="Downloads it allows. [default: any number]")
@click.option("--user", help="E-mail of the user whose quota is charged. [default: nobody's]")
@json_option
@tenant_option
@data_dir_option
def create(
    *,
    checksum: str,
    lifetime: int | None,
    max_uses: int | None,
    user: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    r"""Issue a ticket for the file CHECKSUM. Its token is shown now and never again.

    \b
    curl -OJ "http://127.0.0.1:9053/files/CHECKSUM/download/token?t=TOKEN&scope=TENANT"
    """

    async def work(session: Session) -> IssuedTicket:
        issue_ticket: IssueTicket = session.use_cases.issue_ticket()
        return await issue_ticket.execute(
            IssueTicketRequest(
                tenant=session.tenant,
                issued_by=OPERATOR,
                checksum=checksum,
                lifetime_seconds=lifetime,
                max_uses=max_uses,
                email=user,
            )
        )

    issued = run(data_dir, tenant, work)
    if as_json:
        print_json(issued)
    else:
        click.echo(f"ticket   {issued.ticket.id}")
        click.echo(f"token    {issued.token}")
        click.echo(f"expires  {issued.ticket.expires_at:%Y-%m-%d %H:%M:%S}Z")


@tickets.command("list")
@click.option("--checksum", help="Only tickets for this file.")
@json_option
@tenant_option
@data_dir_option
def list_(*, checksum: str | None, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List tickets; their tokens are not kept and cannot be shown."""

    async def work(session: Session) -> list[TicketView]:
        list_tickets: ListTickets = session.use_cases.list_tickets()
        found: list[TicketView] = []
        after: str | None = None
        while True:
            page: TicketPage = await list_tickets.execute(
                ListTicketsRequest(tenant=session.tenant, checksum=checksum, after=after, limit=1000)
            )
            found += page.tickets
            after = page.next_after
            if after is None:
                return found

    found = run(data_dir, tenant, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ["ticket", "state", "file", "user", "used", "of", "expires"],
        [[t.id, t.state, t.checksum, t.email, t.uses, t.max_uses, t.expires_at] for t in found],
        empty="There are no tickets.",
    )


@tickets.command()
@click.argument("ticket_id", metavar="TICKET")
@tenant_option
@data_dir_option
def revoke(*, ticket_id: str, tenant: str | None, data_dir: str | None) -> None:
    """Take TICKET (its id, not its token) back: it opens and resumes nothing any more."""

    async def work(session: Session) -> None:
        revoke_ticket: RevokeTicket = session.use_cases.revoke_ticket()
        await revoke_ticket.execute(RevokeTicketRequest(tenant=session.tenant, ticket_id=ticket_id))

    run(data_dir, tenant, work)
    click.echo(f"Ticket {ticket_id} is revoked.")
