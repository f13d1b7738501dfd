"""Read how far the copies of a tenant are verified."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.scrub import ScrubState


@attrs.frozen
class ReadScrubReport:
    """For each storage: its copies, those never verified, suspects, and when the oldest verification was."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str) -> tuple[ScrubState, ...]:
        """By storage. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.scrub.states(tenant)
