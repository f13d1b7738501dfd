"""Tell users of their refused downloads, all of some time together."""

import attrs

from application.delivery.refusals import Refusals
from application.errors import PortError
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.events import DownloadsRefused


@attrs.frozen
class ReportRefusals:
    """Store one event for each user who was refused a download on this instance since the last report."""

    refusals: Refusals
    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self) -> int:
        """How many users there was something to tell. Raises ``DatabaseUnavailable``; the next call tells then."""
        taken = self.refusals.take()
        if not taken:
            return 0
        now = self.clock.now()
        events = [
            DownloadsRefused(tenant=key.tenant, email=key.email, message=refused.message, occurred_at=now)
            for key, refused in taken.items()
        ]
        try:
            async with self.unit_of_work() as work:
                await work.outbox.add(*events)
                await work.commit()
        except PortError:
            self.refusals.give_back(taken)
            raise
        return len(events)
