"""Give a user own limits, or let them inherit the tenant's again."""

import attrs

from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.read_quota import QuotaView
from domain.account import AccountKey
from domain.errors import InvalidValue
from domain.limits import Limits
from domain.settings import checked


@attrs.frozen(kw_only=True)
class SetQuotaRequest:
    """New own limits of a user; both ``None`` to inherit the tenant's."""

    tenant: str
    email: str
    max_quota: int | None
    rate_limit: int | None


@attrs.frozen
class SetQuota:
    """Set a user's own limits.

    - -1 is unlimited, 0 allows none, anything below -1 is refused.
    - A lowered limit stops new downloads, never a running one.
    - The account is created if the user has none.
    """

    ledger: Ledger
    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: SetQuotaRequest) -> QuotaView:
        """The account with its limits now in force. Raises ``InvalidValue`` and ``DatabaseUnavailable``."""
        account = await self.ledger.set_limits(AccountKey.of_user(request.tenant, request.email), _limits(request))
        async with self.unit_of_work() as work:
            defaults = (await work.settings.current(request.tenant)).limits
        limits = account.effective_limits(defaults)
        return QuotaView(
            email=request.email,
            max_quota=limits.max_quota,
            rate_limit=limits.rate_limit,
            current_quota=account.units_used,
            current_rate=account.active_downloads,
        )


def _limits(request: SetQuotaRequest) -> Limits | None:
    if request.max_quota is None and request.rate_limit is None:
        return None
    if request.max_quota is None or request.rate_limit is None:
        raise InvalidValue("Give both maxQuota and rateLimit, or neither to inherit the tenant's.")
    limits = Limits(max_quota=request.max_quota, rate_limit=request.rate_limit)
    checked("maxQuota", limits.max_quota)
    checked("rateLimit", limits.rate_limit)
    return limits
