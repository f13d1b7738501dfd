"""Which messages were handled."""

from datetime import datetime

from sqlalchemy import delete, select

from adapters.persistence.tables import inbox
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.inbox import Inbox


class SqlInbox(Inbox):
    """Message ids by tenant."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def knows(self, tenant: str, message_id: str) -> bool:
        """Whether the message was handled."""
        result = await self._transaction.read(
            select(inbox.c.message_id).where(inbox.c.tenant == tenant, inbox.c.message_id == message_id)
        )
        return result.first() is not None

    async def add(self, tenant: str, message_id: str, now: datetime) -> bool:
        """Record that it is handled."""
        result = await self._transaction.write(
            upsert(self._transaction.dialect, inbox, changing=()).returning(inbox.c.message_id),
            {"tenant": tenant, "message_id": message_id, "handled_at": now},
        )
        return result.first() is not None

    async def purge(self, before: datetime) -> int:
        """Delete what was handled before."""
        result = await self._transaction.write(delete(inbox).where(inbox.c.handled_at < before))
        return result.rowcount
