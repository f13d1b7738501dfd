"""Events, stored with the state that they tell of."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from adapters.persistence.mappers import event_values, stored_event_from
from adapters.persistence.tables import outbox
from adapters.persistence.transaction import Transaction
from application.ports.unit_of_work import Outbox, StoredEvent
from domain.events import Event


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
        result = await self._transaction.read(
            select(outbox.c.id, outbox.c.tenant, outbox.c.type, outbox.c.payload, outbox.c.occurred_at)
            .where(outbox.c.tenant == tenant, outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return tuple(stored_event_from(dict(row)) for row in result.mappings())

    async def purge(self, before: datetime) -> int:
        """Delete events older than this."""
        result = await self._transaction.write(delete(outbox).where(outbox.c.occurred_at < before))
        return result.rowcount
