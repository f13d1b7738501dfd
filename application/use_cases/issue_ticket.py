"""Issue a download ticket."""

from datetime import timedelta
from hashlib import sha256

import attrs

from application.ports.clock import Clock
from application.ports.identifiers import IdSource
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.list_tickets import TicketView
from domain.account import AccountKey
from domain.errors import InvalidValue, NotFound
from domain.events import TicketIssued
from domain.ticket import LONGEST_LIFETIME, ProductTicket, Ticket


@attrs.frozen(kw_only=True)
class IssueTicketRequest:
    """A ticket for one file.

    ``lifetime_seconds`` ``None`` takes the tenant's setting; ``max_uses`` ``None`` allows any number of downloads;
    ``email`` names the user whose quota is charged, ``None`` charges nobody. With ``product`` the rights of the issuer
    decide at every use.
    """

    tenant: str
    issued_by: str
    checksum: str
    lifetime_seconds: int | None = None
    max_uses: int | None = None
    email: str | None = None
    product: ProductTicket | None = None


@attrs.frozen(kw_only=True)
class IssuedTicket:
    """The new ticket with its token, which is shown here and never again."""

    ticket: TicketView
    token: str


@attrs.frozen
class IssueTicket:
    """Issue a ticket that opens one file without a session.

    - The file must exist.
    - Only the SHA-256 of the token is stored.
    - It expires after the given time, or the tenant's setting.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdSource

    async def execute(self, request: IssueTicketRequest) -> IssuedTicket:
        """Raises ``NotFound`` for an unknown file, ``InvalidValue``, ``DatabaseUnavailable``."""
        if request.email is not None:
            AccountKey.of_user(request.tenant, request.email)
        asked = request.lifetime_seconds
        if asked is not None and not 0 < asked <= LONGEST_LIFETIME.total_seconds():
            raise InvalidValue("A ticket expires after it was issued, and within ten years.")
        now = self.clock.now()
        token = self.ids.new_secret()
        async with self.unit_of_work() as work:
            if not await work.files.known(request.tenant, [request.checksum]):
                raise NotFound(f"There is no file with the checksum {request.checksum!r}.")
            lifetime = (
                timedelta(seconds=asked)
                if asked is not None
                else (await work.settings.current(request.tenant)).ticket_lifetime
            )
            ticket = Ticket(
                id=self.ids.new_id(),
                tenant=request.tenant,
                checksum=request.checksum,
                token_sha256=sha256(token.encode()).hexdigest(),
                issued_by=request.issued_by,
                issued_at=now,
                expires_at=now + lifetime,
                email=request.email,
                max_uses=request.max_uses,
                product=request.product,
            )
            await work.tickets.add(ticket)
            await work.outbox.add(
                TicketIssued(
                    tenant=ticket.tenant,
                    ticket_id=ticket.id,
                    checksum=ticket.checksum,
                    issued_by=ticket.issued_by,
                    occurred_at=now,
                )
            )
            await work.commit()
        return IssuedTicket(ticket=TicketView.of(ticket, now), token=token)
