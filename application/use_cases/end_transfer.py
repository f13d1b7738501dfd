"""End a running transfer."""

import attrs

from application.ports.ledger import Ledger
from domain.access import Caller, Role
from domain.errors import NotFound


@attrs.frozen(kw_only=True)
class EndTransferRequest:
    """Which transfer."""

    caller: Caller
    transfer_id: str


@attrs.frozen
class EndTransfer:
    """Ask for the end of a transfer; the instance that sends it cuts it at its next renewal, within seconds.

    Everybody may end their own; ADMIN and stronger roles those of others.
    """

    ledger: Ledger

    async def execute(self, request: EndTransferRequest) -> None:
        """Raises ``NotFound`` (also for another user's transfer) and ``DatabaseUnavailable``."""
        caller = request.caller
        email = None if caller.role.is_at_least(Role.ADMIN) else caller.email
        if not await self.ledger.request_end(caller.tenant, request.transfer_id, email):
            raise NotFound("There is no such running transfer.")
