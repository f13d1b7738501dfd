"""Tell the outside how many units users have used."""

from itertools import groupby

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.events import QuotaUsed

USERS_AT_ONCE = 500


@attrs.frozen
class PublishQuotaUpdates:
    """Store one event per tenant with the users whose number has changed since it was last told, and only those."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self) -> int:
        """How many users there was news of. Raises ``DatabaseUnavailable``; what was stored before stays stored."""
        total = 0
        while True:
            async with self.unit_of_work() as work:
                changed = await work.published_quotas.changed(USERS_AT_ONCE)
                if not changed:
                    return total
                now = self.clock.now()
                for tenant, users in groupby(changed, key=lambda item: item.key.tenant):
                    units = {user.key.email: user.units for user in users}
                    await work.outbox.add(QuotaUsed(tenant=tenant, units_by_email=units, occurred_at=now))
                await work.published_quotas.record(changed)
                await work.commit()
            total += len(changed)
            if len(changed) < USERS_AT_ONCE:
                return total
