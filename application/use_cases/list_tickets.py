"""Read issued tickets; their tokens are not kept and can never be read again."""

from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.ticket import Ticket


@attrs.frozen(kw_only=True)
class ListTicketsRequest:
    """Which tickets to read: one by ``ticket_id``, or a page after a ticket id, of one file or of one issuer."""

    tenant: str
    ticket_id: str | None = None
    checksum: str | None = None
    issued_by: str | None = None
    after: str | None = None
    limit: int = 100


@attrs.frozen(kw_only=True)
class TicketView:
    """A ticket without its token; ``state`` is ISSUED, EXHAUSTED, EXPIRED or REVOKED."""

    id: str
    checksum: str
    state: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    email: str | None
    max_uses: int | None
    uses: int
    revoked_at: datetime | None

    @classmethod
    def of(cls, ticket: Ticket, now: datetime) -> "TicketView":
        """The ticket as it stands now."""
        return cls(
            id=ticket.id,
            checksum=ticket.checksum,
            state=ticket.state(now).name,
            issued_by=ticket.issued_by,
            issued_at=ticket.issued_at,
            expires_at=ticket.expires_at,
            email=ticket.email,
            max_uses=ticket.max_uses,
            uses=ticket.uses,
            revoked_at=ticket.revoked_at,
        )


@attrs.frozen(kw_only=True)
class TicketPage:
    """Tickets by id; ``next_after`` continues the listing, ``None`` at its end."""

    tickets: tuple[TicketView, ...]
    next_after: str | None


@attrs.frozen
class ListTickets:
    """Tickets of a tenant, never their tokens."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: ListTicketsRequest) -> TicketPage:
        """One page. Raises ``NotFound`` when one ticket was asked for and does not exist, ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            if request.ticket_id is not None:
                ticket = await work.tickets.get(request.tenant, request.ticket_id)
                if ticket is None:
                    raise NotFound("There is no such ticket.")
                return TicketPage(tickets=(TicketView.of(ticket, now),), next_after=None)
            found = await work.tickets.page(
                request.tenant,
                issued_by=request.issued_by,
                checksum=request.checksum,
                after=request.after,
                limit=request.limit + 1,
            )
        page = found[: request.limit]
        return TicketPage(
            tickets=tuple(TicketView.of(ticket, now) for ticket in page),
            next_after=page[-1].id if len(found) > len(page) else None,
        )
