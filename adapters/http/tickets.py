"""Issuing, listing and revoking download tickets (DESIGN section 6)."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.addresses import own_root
from adapters.http.documentation import operation
from adapters.http.file_payloads import Checksum
from adapters.http.payloads import LARGEST_EXACT, Count, Instant, Payload, instant, instant_or_none
from adapters.http.quota_payloads import Email
from application.use_cases.issue_ticket import IssuedTicket, IssueTicket, IssueTicketRequest
from application.use_cases.list_tickets import ListTickets, ListTicketsRequest, TicketView
from application.use_cases.revoke_ticket import RevokeTicket, RevokeTicketRequest
from domain.access import Caller, Role
from domain.ticket import LONGEST_LIFETIME

LONGEST_LIFETIME_SECONDS = int(LONGEST_LIFETIME.total_seconds())

Uses = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_EXACT, description="Downloads; absent for any number.")]


class NewTicket(Payload):
    """A ticket to issue."""

    checksum: Checksum
    lifetime_seconds: Annotated[
        int | None,
        msgspec.Meta(
            description="The tenant's `ticketLifetime` when absent.",
            extra_json_schema={"minimum": 1, "maximum": LONGEST_LIFETIME_SECONDS},
        ),
    ] = None
    max_uses: Uses | None = None
    email: Annotated[Email | None, msgspec.Meta(description="Whose quota is charged; absent charges nobody.")] = None


class IssuedDownloadTicket(Payload, kw_only=True):
    """A ticket without its token."""

    id: str
    checksum: str
    state: Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["ISSUED", "EXHAUSTED", "EXPIRED", "REVOKED"]})]
    issued_by: str
    issued_at: Instant
    expires_at: Instant
    email: str | None = None
    max_uses: Uses | None = None
    uses: Annotated[Count, msgspec.Meta(description="Downloads that hold a use now, or kept it.")]
    revoked_at: Instant | None = None

    @classmethod
    def of(cls, view: TicketView) -> "IssuedDownloadTicket":
        """The ticket as it stands now."""
        return cls(**_fields(view))


class NewDownloadTicket(IssuedDownloadTicket, kw_only=True):
    """A ticket with its token, which is shown here and never again."""

    token: Annotated[str, msgspec.Meta(description="256 random bits. Only its SHA-256 is kept.")]
    path: Annotated[str, msgspec.Meta(description="Where the file can be fetched, below this service's root.")]
    url: Annotated[str, msgspec.Meta(description="The same in full, by the host that this request named.")]

    @classmethod
    def issued(cls, issued: IssuedTicket, *, tenant: str, base_url: str) -> "NewDownloadTicket":
        """The new ticket with the addresses that redeem it."""
        query = urlencode({"t": issued.token, "scope": tenant})
        path = f"/files/{quote(issued.ticket.checksum, safe='')}/download/token?{query}"
        return cls(**_fields(issued.ticket), token=issued.token, path=path, url=base_url.rstrip("/") + path)


class TicketListing(Payload):
    """Tickets; `nextAfter`, sent as `after`, continues the listing."""

    tickets: list[IssuedDownloadTicket]
    next_after: str | None = None


_TICKET = {
    "id": "5f0c1d",
    "checksum": "9e107d9d372bb6826bd81d3542a419d6",
    "state": "ISSUED",
    "issuedBy": "admin@x.org",
    "issuedAt": "2026-11-21T09:00:00.000000Z",
    "expiresAt": "2026-11-21T10:00:00.000000Z",
    "maxUses": 1,
    "uses": 0,
}
_PATH = "/files/9e107d9d372bb6826bd81d3542a419d6/download/token?t=k3J1…&scope=demo"
_NEW = {**_TICKET, "token": "k3J1…", "path": _PATH, "url": f"http://localhost:9053{_PATH}"}

CallerDependency = NamedDependency[SkipValidation[Caller]]
ListDependency = NamedDependency[SkipValidation[ListTickets]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="tickets", **more)


@post(
    "/tickets",
    **_operation(
        "issueTicket", "Issue a ticket", answer=NewDownloadTicket, example=_NEW, status=201, problems=(404, 422)
    ),
)
async def issue(
    request: Request[Any, Any, Any],
    data: JSONBody[NewTicket],
    caller: CallerDependency,
    issue_ticket: NamedDependency[SkipValidation[IssueTicket]],
) -> Response[NewDownloadTicket]:
    """Opens one file without a session until it expires, is used up, or is revoked."""
    issued = await issue_ticket.execute(
        IssueTicketRequest(
            tenant=caller.tenant,
            issued_by=caller.email,
            checksum=data.checksum,
            lifetime_seconds=data.lifetime_seconds,
            max_uses=data.max_uses,
            email=data.email,
        )
    )
    body = NewDownloadTicket.issued(issued, tenant=caller.tenant, base_url=own_root(request))
    return Response(body, headers={"location": f"/tickets/{quote(body.id, safe='')}", "cache-control": "no-store"})


@get("/tickets", **_operation("listTickets", "List tickets", answer=TicketListing, example={"tickets": [_TICKET]}))
async def list_issued_tickets(
    caller: CallerDependency,
    list_tickets: ListDependency,
    checksum: Annotated[str | None, QueryParameter(description="Only for this file.")] = None,
    issued_by: Annotated[str | None, QueryParameter(name="issuedBy", description="Only of this issuer.")] = None,
    after: Annotated[str | None, QueryParameter(description="`nextAfter` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Entries on one page.")] = 100,
) -> TicketListing:
    """Never their tokens. Expired ones stay visible for a day."""
    page = await list_tickets.execute(
        ListTicketsRequest(tenant=caller.tenant, checksum=checksum, issued_by=issued_by, after=after, limit=limit)
    )
    return TicketListing(
        tickets=[IssuedDownloadTicket.of(ticket) for ticket in page.tickets], next_after=page.next_after
    )


@get(
    "/tickets/{ticket_id:str}",
    **_operation("readTicket", "Read a ticket", answer=IssuedDownloadTicket, example=_TICKET, problems=(404,)),
)
async def read_ticket(
    ticket_id: FromPath[str], caller: CallerDependency, list_tickets: ListDependency
) -> IssuedDownloadTicket:
    """Its state and use, never its token."""
    page = await list_tickets.execute(ListTicketsRequest(tenant=caller.tenant, ticket_id=ticket_id))
    return IssuedDownloadTicket.of(page.tickets[0])


@delete("/tickets/{ticket_id:str}", **_operation("revokeTicket", "Revoke a ticket", status=204, problems=(404,)))
async def revoke(
    ticket_id: FromPath[str], caller: CallerDependency, revoke_ticket: NamedDependency[SkipValidation[RevokeTicket]]
) -> None:
    """It opens and resumes nothing any more. Revoking it again changes nothing."""
    await revoke_ticket.execute(RevokeTicketRequest(tenant=caller.tenant, ticket_id=ticket_id))


def _fields(view: TicketView) -> dict[str, Any]:
    return {
        "id": view.id,
        "checksum": view.checksum,
        "state": view.state,
        "issued_by": view.issued_by,
        "issued_at": instant(view.issued_at),
        "expires_at": instant(view.expires_at),
        "email": view.email,
        "max_uses": view.max_uses,
        "uses": view.uses,
        "revoked_at": instant_or_none(view.revoked_at),
    }


route_handlers = (issue, list_issued_tickets, read_ticket, revoke)
