"""Take a ticket back."""

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.events import TicketRevoked


@attrs.frozen(kw_only=True)
class RevokeTicketRequest:
    """Which ticket of which tenant."""

    tenant: str
    ticket_id: str


@attrs.frozen
class RevokeTicket:
    """Take a ticket back: it opens and resumes nothing any more. Revoking it again changes nothing."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: RevokeTicketRequest) -> None:
        """Raises ``NotFound`` and ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            ticket = await work.tickets.get(request.tenant, request.ticket_id)
            if ticket is None:
                raise NotFound("There is no such ticket.")
            if ticket.is_revoked:
                return
            await work.tickets.revoke(request.tenant, ticket.id, now)
            await work.outbox.add(TicketRevoked(tenant=ticket.tenant, ticket_id=ticket.id, occurred_at=now))
            await work.commit()
