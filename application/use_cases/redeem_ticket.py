"""Redeem a ticket: from the token in a URL to the account that the download belongs to (DESIGN section 6)."""

import hashlib

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.decide_access import DecideAccess, DecideAccessRequest
from domain.account import AccountKey
from domain.errors import TicketRefused
from domain.product_access import Allowed
from domain.ticket import ProductTicket, Ticket


@attrs.frozen(kw_only=True)
class RedeemTicketRequest:
    """A token that somebody shows for a file of a tenant; ``is_head`` when only the description is wanted."""

    tenant: str
    checksum: str
    token: str
    is_head: bool = False


@attrs.frozen(kw_only=True)
class RedeemedTicket:
    """The ticket's id, for the ledger, and the account that its downloads belong to.

    ``is_limited``: it is good for a number of downloads. ``file_name`` is what the product calls the file.
    """

    ticket_id: str
    account: AccountKey
    is_limited: bool = False
    file_name: str | None = None


@attrs.frozen(kw_only=True)
class RedeemTicket:
    """Find the ticket that a token stands for.

    - Whether it may still open or resume a download is decided on the ledger, in the transaction that takes the use.
    - A description changes nothing on the ledger, so it is given only while the ticket could open a download.
    - One to a file of a product opens what its issuer may have now: rights and licences are read at every use.
    - Every refusal looks the same, so that nothing can be learned by trying tokens.

    Raises ``TicketRefused``.
    """

    new_unit: UnitOfWorkFactory
    clock: Clock
    decide_access: DecideAccess | None = None

    async def execute(self, request: RedeemTicketRequest) -> RedeemedTicket:
        token_sha256 = hashlib.sha256(request.token.encode()).hexdigest()
        async with self.new_unit() as unit:
            ticket = await unit.tickets.by_token(request.tenant, token_sha256)
        is_shown_here = ticket is not None and ticket.checksum == request.checksum and not ticket.is_revoked
        if ticket is None or not is_shown_here or (request.is_head and not ticket.may_open(self.clock.now())):
            raise TicketRefused("This ticket does not open this file.")
        return RedeemedTicket(
            ticket_id=ticket.id,
            account=ticket.account,
            is_limited=ticket.max_uses is not None,
            file_name=None if ticket.product is None else await self._name_of(ticket, ticket.product),
        )

    async def _name_of(self, ticket: Ticket, product: ProductTicket) -> str:
        """What the catalogue calls a file that the issuer may have. Raises ``TicketRefused``."""
        if self.decide_access is None:
            raise TicketRefused("This ticket does not open this file.")
        holder = product.holder(ticket.tenant, ticket.issued_by)
        async with self.new_unit() as unit:
            user = await unit.users.get(holder.tenant, holder.email)
        if user is not None and not user.is_active:
            raise TicketRefused("This ticket does not open this file.")
        if user is not None and not user.role.is_at_least(holder.role):
            holder = attrs.evolve(holder, role=user.role)
        decision = await self.decide_access.execute(
            DecideAccessRequest(caller=holder, urn=product.urn, checksum=ticket.checksum, records=False)
        )
        if not isinstance(decision, Allowed):
            raise TicketRefused("This ticket does not open this file.")
        return decision.entry.file_name
