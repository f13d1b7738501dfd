"""Links to files of products, for tools and colleagues (issue 5, item 7)."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.addresses import own_root, segment
from adapters.http.answering import AnswerResponse
from adapters.http.catalogue.downloads import accept_url
from adapters.http.catalogue.names import urn_of
from adapters.http.catalogue.refusals import access_refusal
from adapters.http.documentation import operation
from adapters.http.payloads import Instant, Payload, instant
from adapters.http.tickets import Uses
from application.use_cases.issue_product_ticket import (
    IssuedProductTicket,
    IssueProductTicket,
    IssueProductTicketRequest,
)
from domain.access import Caller, Role
from domain.file_name import plain_file_name


class NewProductTicket(Payload):
    """How long and how often the link works."""

    lifetime_seconds: Annotated[
        int | None,
        msgspec.Meta(
            description="At most the tenant's `ticketLifetime`, which is taken when absent.",
            extra_json_schema={"minimum": 1},
        ),
    ] = None
    max_uses: Uses | None = None


class ProductTicketModel(Payload):
    """A link. Its token is shown here and never again."""

    id: str
    expires_at: Instant
    url: Annotated[str, msgspec.Meta(description="For a client that names what it saves by the answer's header.")]
    named_url: Annotated[str, msgspec.Meta(description="The same file, with its name as last segment of the path.")]
    max_uses: Uses | None = None


_URL = "http://localhost:9053/files/9e107d9d372bb6826bd81d3542a419d6/download/token"
_EXAMPLE = {
    "id": "5f0c1d",
    "expiresAt": "2026-11-21T10:00:00.000000Z",
    "url": f"{_URL}?t=k3J1…&scope=demo",
    "namedUrl": f"{_URL}/scene.tif?t=k3J1…&scope=demo",
}


@post(
    "/downloads/{urn:str}/files/{checksum:str}/tickets",
    **operation(
        "issueProductTicket",
        "Make a link to a file of a product",
        role=Role.REGISTERED_USER,
        tag="downloads",
        status=201,
        answer=ProductTicketModel,
        example=_EXAMPLE,
        problems=(404, 422, 423),
    ),
)
async def issue_for_product(
    request: Request[Caller, Any, Any],
    urn: FromPath[str],
    checksum: FromPath[str],
    data: JSONBody[NewProductTicket],
    issue_product_ticket: NamedDependency[SkipValidation[IssueProductTicket]],
) -> Response[ProductTicketModel]:
    """Whoever has the link gets what you may have at that moment, from your quota. It is refused when you may not."""
    issued = await issue_product_ticket.execute(
        IssueProductTicketRequest(
            caller=request.user,
            urn=urn_of(urn),
            checksum=checksum,
            lifetime_seconds=data.lifetime_seconds,
            max_uses=data.max_uses,
        )
    )
    if not isinstance(issued, IssuedProductTicket):
        refusal = access_refusal(
            issued,
            accept_url=accept_url(request, urn, (checksum,), inline=None),
            accept=request.headers.get("accept", ""),
        )
        assert refusal is not None, "what is not issued is refused"
        return AnswerResponse(refusal)
    ticket = issued.issued.ticket
    model = ProductTicketModel(
        id=ticket.id,
        expires_at=instant(ticket.expires_at),
        url=ticket_url(request, issued, is_named=False),
        named_url=ticket_url(request, issued, is_named=True),
        max_uses=ticket.max_uses,
    )
    return Response(model, headers={"cache-control": "no-store"})


def ticket_url(request: Request[Caller, Any, Any], issued: IssuedProductTicket, *, is_named: bool) -> str:
    """Where the ticket is redeemed."""
    query = urlencode({"t": issued.issued.token, "scope": request.user.tenant})
    name = f"/{segment(plain_file_name(issued.file_name))}" if is_named else ""
    checksum = quote(issued.issued.ticket.checksum, safe="")
    return f"{own_root(request)}/files/{checksum}/download/token{name}?{query}"


route_handlers = (issue_for_product,)
