"""Read the limits and the use of download accounts."""

import attrs

from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller, require_own_or_administrator
from domain.account import Account, AccountKey


@attrs.frozen
class ReadQuotaRequest:
    """Whose accounts to read, in the order of the answer."""

    caller: Caller
    emails: tuple[str, ...]


@attrs.frozen(kw_only=True)
class QuotaView:
    """Limits in force (-1 unlimited) and use: units charged ever, downloads in progress now."""

    email: str
    max_quota: int
    rate_limit: int
    current_quota: int
    current_rate: int


@attrs.frozen
class ReadQuota:
    """Limits and use of one or several users.

    - A user without own limits has the tenant's, as they stand now.
    - Everybody may read their own; ADMIN and stronger roles those of others.
    - Reading creates nothing.
    """

    ledger: Ledger
    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ReadQuotaRequest) -> tuple[QuotaView, ...]:
        """One view per e-mail. Raises ``Forbidden``, ``InvalidValue`` for no e-mail, ``DatabaseUnavailable``."""
        for email in request.emails:
            require_own_or_administrator(request.caller, email)
        tenant = request.caller.tenant
        keys = [AccountKey.of_user(tenant, email) for email in request.emails]
        async with self.unit_of_work() as work:
            defaults = (await work.settings.current(tenant)).limits
        accounts = await self.ledger.accounts(keys)
        views = []
        for key in keys:
            account = accounts.get(key, Account(key=key))
            limits = account.effective_limits(defaults)
            views.append(
                QuotaView(
                    email=key.email,
                    max_quota=limits.max_quota,
                    rate_limit=limits.rate_limit,
                    current_quota=account.units_used,
                    current_rate=account.active_downloads,
                )
            )
        return tuple(views)
