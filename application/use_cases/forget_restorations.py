"""Forget restorations that ended long ago."""

from datetime import timedelta

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory

GROUPS_KEPT = timedelta(days=30)
"""How long ended groups can be looked at, and durations count for estimates."""


@attrs.frozen
class ForgetRestorations:
    """Delete groups with their requests, restorations and durations that are past use, of all tenants."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self) -> int:
        """How many groups were deleted. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            count = await work.restorations.purge(self.clock.now() - GROUPS_KEPT)
            await work.commit()
        return count
