"""Download tickets."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update

from adapters.persistence.mappers import ticket_from, ticket_values
from adapters.persistence.tables import Standing, download
from adapters.persistence.tables import ticket as tickets
from adapters.persistence.transaction import Transaction
from application.ports.unit_of_work import TicketRepository
from domain.ticket import Ticket


class SqlTicketRepository(TicketRepository):
    """Tickets by tenant and id. Their uses are the ledger's."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, ticket: Ticket) -> None:
        """Record a new ticket. Raises ``Conflict`` when its id or token exists."""
        await self._transaction.write(insert(tickets), ticket_values(ticket))

    async def get(self, tenant: str, ticket_id: str) -> Ticket | None:
        """One ticket by id."""
        return await self._one(tickets.c.tenant == tenant, tickets.c.id == ticket_id)

    async def by_token(self, tenant: str, token_sha256: str) -> Ticket | None:
        """One ticket by the hash of its token."""
        return await self._one(tickets.c.tenant == tenant, tickets.c.token_sha256 == token_sha256)

    async def page(
        self, tenant: str, *, issued_by: str | None, checksum: str | None, after: str | None, limit: int
    ) -> tuple[Ticket, ...]:
        """Tickets by id."""
        query = select(tickets).where(tickets.c.tenant == tenant).order_by(tickets.c.id).limit(limit)
        if issued_by is not None:
            query = query.where(tickets.c.issued_by == issued_by)
        if checksum is not None:
            query = query.where(tickets.c.checksum == checksum)
        if after is not None:
            query = query.where(tickets.c.id > after)
        result = await self._transaction.read(query)
        return tuple(ticket_from(dict(row)) for row in result.mappings())

    async def revoke(self, tenant: str, ticket_id: str, now: datetime) -> None:
        """Record the revocation unless there is one already."""
        await self._transaction.write(
            update(tickets)
            .where(tickets.c.tenant == tenant, tickets.c.id == ticket_id, tickets.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    async def purge(self, expired_before: datetime) -> int:
        """Delete tickets that expired before and have no open download (``Download.is_open``, in SQL)."""
        is_open = or_(
            download.c.standing == Standing.RUNNING,
            and_(download.c.standing != Standing.CLOSED, download.c.resumable_until > expired_before),
        )
        needed = exists().where(
            download.c.tenant == tickets.c.tenant,
            download.c.ticket_id == tickets.c.id,
            download.c.ticket_id != "",
            is_open,
        )
        result = await self._transaction.write(delete(tickets).where(tickets.c.expires_at < expired_before, ~needed))
        return result.rowcount

    async def _one(self, *conditions: ColumnElement[bool]) -> Ticket | None:
        result = await self._transaction.read(select(tickets).where(*conditions))
        row = result.mappings().first()
        return None if row is None else ticket_from(dict(row))
