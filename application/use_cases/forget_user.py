"""Forget a user's download account."""

import attrs

from application.ports.ledger import Ledger
from domain.account import AccountKey
from domain.errors import NotFound


@attrs.frozen(kw_only=True)
class ForgetUserRequest:
    """Which user of which tenant."""

    tenant: str
    email: str


@attrs.frozen
class ForgetUser:
    """Delete a user's account with its limits, use and history, so that they start from nothing.

    The user stays, with groups and accepted licences: ``RemoveUser`` removes those, too.
    """

    ledger: Ledger

    async def execute(self, request: ForgetUserRequest) -> None:
        """Raises ``NotFound`` when the user has no account, ``InvalidValue``, ``DatabaseUnavailable``."""
        if not await self.ledger.forget(AccountKey.of_user(request.tenant, request.email)):
            raise NotFound(f"The user {request.email} has no download account.")
