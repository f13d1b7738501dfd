"""Events, stored with the state that they tell of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, select, update

from adapters.persistence.mappers import event_values, stored_event_from
from adapters.persistence.tables import outbox
from adapters.persistence.transaction import Transaction
from application.ports.jobs import Backlog
from application.ports.unit_of_work import Outbox, StoredEvent
from domain.events import Event

_EVENT = select(outbox.c.id, outbox.c.tenant, outbox.c.type, outbox.c.payload, outbox.c.occurred_at)
_WAITS = and_(outbox.c.published_at.is_(None), outbox.c.refused_at.is_(None))


class SqlOutbox(Outbox):
    """Events by number."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, *events: Event) -> None:
        """Append, in order."""
        if events:
            await self._transaction.write(insert(outbox), [event_values(event) for event in events])

    async def page(self, tenant: str, *, after: int, limit: int) -> tuple[StoredEvent, ...]:
        """Events of a tenant in order."""
        return await self._read(
            _EVENT.where(outbox.c.tenant == tenant, outbox.c.id > after).order_by(outbox.c.id).limit(limit)
        )

    async def unpublished(self, limit: int) -> tuple[StoredEvent, ...]:
        """The first events that nobody outside has been told of yet."""
        return await self._read(_EVENT.where(_WAITS).order_by(outbox.c.id).limit(limit))

    async def mark_published(self, event_ids: Sequence[int], now: datetime) -> None:
        """Note that they need not be published any more."""
        if event_ids:
            await self._transaction.write(
                update(outbox).where(outbox.c.id.in_(event_ids)).values(published_at=now, last_error=None)
            )

    async def mark_refused(self, event_id: int, reason: str, now: datetime) -> None:
        """Note that it can never be published."""
        await self._transaction.write(
            update(outbox).where(outbox.c.id == event_id).values(refused_at=now, last_error=reason)
        )

    async def backlog(self) -> Backlog:
        """What waits to be published."""
        result = await self._transaction.read(
            select(func.count().label("count"), func.min(outbox.c.occurred_at).label("oldest_at")).where(_WAITS)
        )
        return Backlog(**result.mappings().one())

    async def purge(self, before: datetime, *, with_waiting: bool) -> int:
        """Delete events older than this."""
        is_old = outbox.c.occurred_at < before
        result = await self._transaction.write(delete(outbox).where(is_old if with_waiting else and_(is_old, ~_WAITS)))
        return result.rowcount

    async def _read(self, query: Select[Any]) -> tuple[StoredEvent, ...]:
        result = await self._transaction.read(query)
        return tuple(stored_event_from(dict(row)) for row in result.mappings())
