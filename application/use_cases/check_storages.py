"""Whether the storages in use answer."""

import asyncio
from collections import Counter

import attrs

from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.health import HealthCheck
from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.storage_location import StorageLocation

LOOKED_AT_TOGETHER = 64
LOOK_SECONDS = 1.5
"""When the last storage has to have answered: before the caller, who waits for two seconds, stops looking at all."""

CANNOT_BE_READ = "cannot be read"
FAILS = "fail in their plugins"
IS_SILENT = "did not answer in time"


@attrs.frozen
class CheckStorages(HealthCheck):
    """Ask every active storage of every tenant whether it is there; what one does hides no other.

    It is not vital: an instance is not the worse for a storage that nobody reaches, and other files are served on.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock
    look_seconds: float = LOOK_SECONDS

    @property
    def name(self) -> str:
        """Storages are not told apart: their names are a tenant's own affair."""
        return "storages"

    @property
    def is_vital(self) -> bool:
        """They are only reported."""
        return False

    async def problem(self) -> str | None:
        """How many have which problem, and how many are left alone after failures. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            tenants = await work.tenants.names()
            found = [await work.storages.all(tenant) for tenant in tenants]
            cool_downs = [row for tenant in tenants for row in await work.cool_downs.all(tenant)]
        active = [location for several in found for location in several if location.active and location.plugin_id]
        turns = asyncio.Semaphore(LOOKED_AT_TOGETHER)
        looks = await asyncio.gather(*(self._look(location, turns) for location in active))
        problems = Counter(problem for problem in looks if problem is not None)
        cooling = sum(row.is_cooling(self.clock.now()) for row in cool_downs)
        said = (
            *(f"{count} of {len(active)} storages {problem}." for problem, count in sorted(problems.items())),
            *((f"{cooling} are left alone for a while after failures.",) if cooling else ()),
        )
        return " ".join(said) or None

    async def _look(self, location: StorageLocation, turns: asyncio.Semaphore) -> str | None:
        try:
            async with asyncio.timeout(self.look_seconds), turns:
                await self.registry.storage(location).probe()
        except StorageUnavailable:
            return CANNOT_BE_READ
        except TimeoutError:
            return IS_SILENT
        except Exception:  # noqa: BLE001 — foreign code: whatever it raises is the problem of this storage alone.
            return FAILS
        return None
