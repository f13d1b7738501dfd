"""Tell the others that this instance lives, and forget those that do not."""

from datetime import datetime, timedelta

import attrs

from application.ports.clock import Clock
from application.ports.instances import Instance, InstanceState
from application.ports.unit_of_work import UnitOfWorkFactory


@attrs.define(eq=False)
class KeepInstance:
    """One tick of an instance's presence: a single statement says who it is, and when it was seen.

    The first tick registers it. An instance that was taken for dead and is not is there again with its next tick.
    """

    _unit_of_work: UnitOfWorkFactory
    _clock: Clock
    _instance_id: str
    _host: str
    _version: str
    is_draining: bool = False
    _started_at: datetime | None = None

    async def execute(self) -> None:
        """Raises ``DatabaseUnavailable``."""
        now = self._clock.now()
        self._started_at = self._started_at or now
        async with self._unit_of_work() as work:
            await work.instances.save(
                Instance(
                    id=self._instance_id,
                    host=self._host,
                    version=self._version,
                    started_at=self._started_at,
                    last_seen_at=now,
                    state=InstanceState.DRAINING if self.is_draining else InstanceState.RUNNING,
                )
            )
            await work.commit()

    async def leave(self) -> None:
        """The instance ends. Raises ``DatabaseUnavailable``; others forget it after a while then."""
        async with self._unit_of_work() as work:
            await work.instances.remove(self._instance_id)
            await work.commit()


@attrs.frozen
class ForgetInstances:
    """Forget instances that were not seen for ``dead_after``. Their transfers are settled by their leases."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    dead_after: timedelta

    async def execute(self) -> int:
        """How many. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            count = await work.instances.purge(self.clock.now() - self.dead_after)
            await work.commit()
            return count


@attrs.frozen
class ListInstances:
    """Every instance that has not ended, by start."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self) -> tuple[Instance, ...]:
        """Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.instances.all()
