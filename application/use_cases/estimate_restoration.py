"""Tell whoever waits for a restoration how long it will still take."""

import math

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.restoration_estimate import MOST_REMEMBERED, remaining

LONGEST_WAIT = 24 * 3600
"""Whoever waits may as well ask again after a day."""


@attrs.frozen
class EstimateRestoration:
    """An estimate from what the storage needed before, and from what it has to do first."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str, checksum: str) -> int | None:
        """Seconds; ``None`` when the file is not being restored. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            row = (await work.restorations.of_files(tenant, [checksum])).get(checksum)
            if row is None or not row.is_under_way:
                return None
            durations = await work.restorations.durations(tenant, row.storage, MOST_REMEMBERED)
            queue = await work.restorations.queue(tenant, row.storage, row.requested_at)
        left = remaining(row, durations, queue, self.clock.now())
        return min(LONGEST_WAIT, math.ceil(left.total_seconds()))
