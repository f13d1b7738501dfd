"""Redeem a ticket: from the token in a URL to the account that the download belongs to (DESIGN section 6)."""

import hashlib

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.account import AccountKey
from domain.errors import TicketRefused


@attrs.frozen(kw_only=True)
class RedeemTicketRequest:
    """A token that somebody shows for a file of a tenant; ``is_head`` when only the description is wanted."""

    tenant: str
    checksum: str
    token: str
    is_head: bool = False


@attrs.frozen(kw_only=True)
class RedeemedTicket:
    """The ticket's id, for the ledger, and the account that its downloads belong to."""

    ticket_id: str
    account: AccountKey


@attrs.frozen(kw_only=True)
class RedeemTicket:
    """Find the ticket that a token stands for.

    - Whether it may still open or resume a download is decided on the ledger, in the transaction that takes the use.
    - A description changes nothing on the ledger, so it is given only while the ticket could open a download.
    - Every refusal looks the same, so that nothing can be learned by trying tokens.

    Raises ``TicketRefused``.
    """

    new_unit: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: RedeemTicketRequest) -> RedeemedTicket:
        token_sha256 = hashlib.sha256(request.token.encode()).hexdigest()
        async with self.new_unit() as unit:
            ticket = await unit.tickets.by_token(request.tenant, token_sha256)
        is_shown_here = ticket is not None and ticket.checksum == request.checksum and not ticket.is_revoked
        if ticket is None or not is_shown_here or (request.is_head and not ticket.may_open(self.clock.now())):
            raise TicketRefused("This ticket does not open this file.")
        return RedeemedTicket(ticket_id=ticket.id, account=ticket.account)
