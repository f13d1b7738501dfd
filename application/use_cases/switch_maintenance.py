"""Maintenance of a tenant: what it has can be read, and not be changed, by anybody."""

import attrs

from application.ports.clock import Clock
from application.ports.tenant_upkeep import Maintenance
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller, require_own_tenant_or_instance_administrator
from domain.errors import NotFound


@attrs.frozen(kw_only=True)
class SwitchMaintenanceRequest:
    """Whose maintenance begins (``active``) or ends."""

    caller: Caller
    tenant: str
    active: bool


@attrs.frozen
class SwitchMaintenance:
    """Begin or end the maintenance of a tenant. Every instance knows within seconds; running downloads go on."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: SwitchMaintenanceRequest) -> None:
        """Raises ``Forbidden`` for another's tenant, ``NotFound`` for one not served, ``DatabaseUnavailable``."""
        require_own_tenant_or_instance_administrator(request.caller, request.tenant)
        async with self.unit_of_work() as work:
            if not await work.tenants.exists(request.tenant):
                raise NotFound(f"There is no tenant {request.tenant!r}.")
            await work.tenant_upkeep.set_maintenance(request.tenant, active=request.active, now=self.clock.now())
            await work.commit()


@attrs.frozen
class ListMaintenance:
    """The mode of every tenant whose mode was ever changed."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str | None = None) -> tuple[Maintenance, ...]:
        """By name; only of one tenant, if given. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.tenant_upkeep.maintenance()
        return tuple(mode for mode in found if tenant in {None, mode.tenant})
