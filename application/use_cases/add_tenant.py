"""Start to serve a tenant."""

import re

import attrs

from application.errors import Conflict
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import InvalidValue

_NAME = re.compile(r"[0-9a-zA-Z_-]{1,64}")


@attrs.frozen
class AddTenant:
    """Start to serve a tenant; a tenant that is served already stays as it is."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str) -> bool:
        """``False`` when the tenant is already served.

        Raises ``InvalidValue`` for a name that cannot be one, and ``Conflict`` while what was removed under this name
        is still being deleted: that takes about a minute.
        """
        if not _NAME.fullmatch(tenant):
            raise InvalidValue(f"A tenant's name has 1 to 64 letters, digits, '-' or '_'; {tenant!r} has not.")
        async with self.unit_of_work() as work:
            if tenant in {removal.tenant for removal in await work.tenant_upkeep.removals()}:
                raise Conflict(f"What the tenant {tenant} had before is still being deleted. Add it in a minute.")
            is_new = await work.tenants.add(tenant, self.clock.now())
            await work.commit()
            return is_new
