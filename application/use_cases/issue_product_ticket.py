"""Issue a ticket to a file of a product, within the rights of whoever asks for it."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.decide_access import DecideAccess, DecideAccessRequest
from application.use_cases.issue_ticket import IssuedTicket, IssueTicket, IssueTicketRequest
from domain.access import Caller
from domain.errors import InvalidValue
from domain.product_access import Allowed, Locked, NoDataRight, NotInProduct, NotVisible
from domain.ticket import ProductTicket
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class IssueProductTicketRequest:
    """A ticket for the caller's own file; ``None`` for the tenant's lifetime, and for any number of downloads."""

    caller: Caller
    urn: Urn
    checksum: str
    lifetime_seconds: int | None = None
    max_uses: int | None = None


@attrs.frozen(kw_only=True)
class IssuedProductTicket:
    """The ticket, and what the product calls the file."""

    issued: IssuedTicket
    file_name: str


@attrs.frozen
class IssueProductTicket:
    """A link for wget, a browser or a colleague.

    - It opens what its issuer may have when it is used, and charges its issuer.
    - It lives as long as the tenant's setting allows, or shorter: the issuer's role and stated groups are not asked
      for again.
    """

    decide_access: DecideAccess
    issue_ticket: IssueTicket
    unit_of_work: UnitOfWorkFactory

    async def execute(
        self, request: IssueProductTicketRequest
    ) -> IssuedProductTicket | NotVisible | NotInProduct | Locked | NoDataRight:
        """Raises ``InvalidValue`` for too long a life, ``NotFound`` for a file that is not here."""
        caller = request.caller
        decision = await self.decide_access.execute(
            DecideAccessRequest(caller=caller, urn=request.urn, checksum=request.checksum, records=False)
        )
        if not isinstance(decision, Allowed):
            return decision
        async with self.unit_of_work() as work:
            longest = (await work.settings.current(caller.tenant)).ticket_lifetime.total_seconds()
        if request.lifetime_seconds is not None and request.lifetime_seconds > longest:
            raise InvalidValue(f"In this tenant a ticket lives {longest:.0f} seconds at most (ticketLifetime).")
        issued = await self.issue_ticket.execute(
            IssueTicketRequest(
                tenant=caller.tenant,
                issued_by=caller.email,
                checksum=request.checksum,
                lifetime_seconds=request.lifetime_seconds,
                max_uses=request.max_uses,
                email=caller.email,
                product=ProductTicket(urn=request.urn, role=caller.role, groups=caller.groups),
            )
        )
        return IssuedProductTicket(issued=issued, file_name=decision.entry.file_name)
