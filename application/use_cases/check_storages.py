"""Whether the storages in use answer."""

import asyncio

import attrs

from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.health import HealthCheck
from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.storage_location import StorageLocation

LOOKED_AT_TOGETHER = 16


@attrs.frozen
class CheckStorages(HealthCheck):
    """Ask every active storage of every tenant whether it is there.

    It is not vital: an instance is not the worse for a storage that nobody reaches, and other files are served on.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock

    @property
    def name(self) -> str:
        """Storages are not told apart: their names are a tenant's own affair."""
        return "storages"

    @property
    def is_vital(self) -> bool:
        """They are only reported."""
        return False

    async def problem(self) -> str | None:
        """How many do not answer, and how many are left alone after failures. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            tenants = await work.tenants.names()
            found = [await work.storages.all(tenant) for tenant in tenants]
            cool_downs = [row for tenant in tenants for row in await work.cool_downs.all(tenant)]
        active = [location for several in found for location in several if location.active and location.plugin_id]
        turns = asyncio.Semaphore(LOOKED_AT_TOGETHER)
        absent = sum(await asyncio.gather(*(self._is_absent(location, turns) for location in active)))
        cooling = sum(row.is_cooling(self.clock.now()) for row in cool_downs)
        said = (
            *((f"{absent} of {len(active)} storages cannot be read.",) if absent else ()),
            *((f"{cooling} are left alone for a while after failures.",) if cooling else ()),
        )
        return " ".join(said) or None

    async def _is_absent(self, location: StorageLocation, turns: asyncio.Semaphore) -> bool:
        async with turns:
            try:
                await self.registry.storage(location).probe()
            except StorageUnavailable:
                return True
            return False
