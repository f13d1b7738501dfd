"""List the tenants that this installation serves."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory


@attrs.frozen
class ListTenants:
    """All tenants by name."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self) -> tuple[str, ...]:
        """Names in alphabetical order. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.tenants.names()
