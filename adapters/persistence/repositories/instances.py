"""The server processes that share one database."""

from datetime import datetime

import attrs
from sqlalchemy import delete, select

from adapters.persistence.tables import instance as instances
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.instances import Instance, InstanceRepository, InstanceState


class SqlInstanceRepository(InstanceRepository):
    """Instances by id."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def save(self, instance: Instance) -> None:
        """Insert or replace."""
        values = attrs.asdict(instance) | {"state": instance.state.value}
        await self._transaction.write(upsert(self._transaction.dialect, instances), values)

    async def remove(self, instance_id: str) -> None:
        """Forget one."""
        await self._transaction.write(delete(instances).where(instances.c.id == instance_id))

    async def all(self) -> tuple[Instance, ...]:
        """Every one, by start."""
        result = await self._transaction.read(select(instances).order_by(instances.c.started_at, instances.c.id))
        return tuple(Instance(**{**row, "state": InstanceState(row["state"])}) for row in result.mappings())

    async def purge(self, before: datetime) -> int:
        """Forget those last seen before."""
        result = await self._transaction.write(delete(instances).where(instances.c.last_seen_at < before))
        return result.rowcount
