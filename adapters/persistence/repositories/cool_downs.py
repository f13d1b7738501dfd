"""Storages that failed lately."""

from datetime import datetime

import attrs
from sqlalchemy import delete, select

from adapters.persistence.tables import storage_cooling
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.cool_downs import CoolDownRepository
from domain.cool_down import CoolDown


class SqlCoolDownRepository(CoolDownRepository):
    """Cool-downs by tenant and storage."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant: str, storage: str) -> CoolDown | None:
        """The last cool-down of a storage."""
        result = await self._transaction.read(
            select(storage_cooling).where(storage_cooling.c.tenant == tenant, storage_cooling.c.storage == storage)
        )
        row = result.mappings().first()
        return None if row is None else CoolDown(**row)

    async def all(self, tenant: str) -> tuple[CoolDown, ...]:
        """Every cool-down of a tenant, by storage."""
        result = await self._transaction.read(
            select(storage_cooling).where(storage_cooling.c.tenant == tenant).order_by(storage_cooling.c.storage)
        )
        return tuple(CoolDown(**row) for row in result.mappings())

    async def save(self, cool_down: CoolDown) -> None:
        """Insert or replace."""
        await self._transaction.write(upsert(self._transaction.dialect, storage_cooling), [attrs.asdict(cool_down)])

    async def end(self, tenant: str, storage: str, *, cooling_until: datetime) -> None:
        """Forget the cool-down, unless another one has begun since."""
        await self._transaction.write(
            delete(storage_cooling).where(
                storage_cooling.c.tenant == tenant,
                storage_cooling.c.storage == storage,
                storage_cooling.c.cooling_until == cooling_until,
            )
        )
