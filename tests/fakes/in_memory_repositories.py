"""Repositories of an in-memory unit of work: tenants, storages, tickets, settings and the outbox."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from application.errors import Conflict
from application.ports.jobs import Backlog
from application.ports.unit_of_work import (
    Outbox,
    SettingsRepository,
    StorageLocationRepository,
    StoredEvent,
    TenantRepository,
    TicketRepository,
)
from domain.events import Event
from domain.storage_location import StorageLocation, StorageType
from domain.ticket import Ticket
from tests.fakes.in_memory_database import Tables

T = TypeVar("T")


class OpenTables(Protocol):
    """What a repository needs of its unit of work."""

    @property
    def tables(self) -> Tables: ...

    def write(self, change: Callable[[Tables], T]) -> T: ...


class InMemoryTenantRepository(TenantRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def exists(self, tenant: str) -> bool:
        return tenant in self._unit.tables.tenants

    async def add(self, tenant: str, now: datetime) -> bool:
        def change(tables: Tables) -> bool:
            is_new = tenant not in tables.tenants
            tables.tenants.setdefault(tenant, now)
            return is_new

        return self._unit.write(change)

    async def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._unit.tables.tenants))


class InMemoryStorageLocationRepository(StorageLocationRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def get(self, tenant: str, name: str) -> StorageLocation | None:
        return self._unit.tables.storages.get((tenant, name))

    async def all(self, tenant: str) -> tuple[StorageLocation, ...]:
        mine = [row for row in self._unit.tables.storages.values() if row.tenant == tenant]
        order = list(StorageType)
        return tuple(sorted(mine, key=lambda row: (order.index(row.storage_type), row.priority, row.name)))

    async def all_to_change(self, tenant: str) -> tuple[StorageLocation, ...]:
        """A unit in memory is alone while it does not wait for anything else."""
        return await self.all(tenant)

    async def save(self, locations: Sequence[StorageLocation]) -> None:
        rows = {(row.tenant, row.name): row for row in locations}

        def change(tables: Tables) -> None:
            tables.storages.update(rows)
            tables.check_priorities()

        self._unit.write(change)

    async def remove(self, tenant: str, name: str) -> bool:
        return self._unit.write(lambda tables: tables.storages.pop((tenant, name), None) is not None)

    async def holds_files(self, tenant: str, name: str) -> bool:
        return any(row.tenant == tenant and row.storage == name for row in self._unit.tables.locations.values())


class InMemoryTicketRepository(TicketRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def add(self, ticket: Ticket) -> None:
        def change(tables: Tables) -> None:
            hashes = {(row.tenant, row.token_sha256) for row in tables.tickets.values()}
            if (ticket.tenant, ticket.id) in tables.tickets or (ticket.tenant, ticket.token_sha256) in hashes:
                raise Conflict("There is such a ticket already.")
            tables.tickets[ticket.tenant, ticket.id] = ticket

        self._unit.write(change)

    async def get(self, tenant: str, ticket_id: str) -> Ticket | None:
        return self._unit.tables.tickets.get((tenant, ticket_id))

    async def by_token(self, tenant: str, token_sha256: str) -> Ticket | None:
        for row in self._unit.tables.tickets.values():
            if (row.tenant, row.token_sha256) == (tenant, token_sha256):
                return row
        return None

    async def page(
        self, tenant: str, *, issued_by: str | None, checksum: str | None, after: str | None, limit: int
    ) -> tuple[Ticket, ...]:
        wanted = [
            row
            for row in self._unit.tables.tickets.values()
            if row.tenant == tenant
            and issued_by in (None, row.issued_by)
            and checksum in (None, row.checksum)
            and (after is None or row.id > after)
        ]
        return tuple(sorted(wanted, key=lambda row: row.id)[:limit])

    async def revoke(self, tenant: str, ticket_id: str, now: datetime) -> None:
        def change(tables: Tables) -> None:
            ticket = tables.tickets.get((tenant, ticket_id))
            if ticket is not None:
                tables.tickets[tenant, ticket_id] = ticket.revoked(now)

        self._unit.write(change)

    async def purge(self, expired_before: datetime) -> int:
        def change(tables: Tables) -> int:
            needed = {
                (row.account.tenant, row.ticket_id) for row in tables.downloads.values() if row.is_open(expired_before)
            }
            gone = [key for key, row in tables.tickets.items() if row.expires_at < expired_before and key not in needed]
            for key in gone:
                del tables.tickets[key]
            return len(gone)

        return self._unit.write(change)


class InMemorySettingsRepository(SettingsRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def values(self, tenant: str) -> dict[str, int]:
        return {name: value for (owner, name), value in self._unit.tables.settings.items() if owner == tenant}

    async def put(self, tenant: str, name: str, value: int) -> None:
        def change(tables: Tables) -> None:
            tables.settings[tenant, name] = value

        self._unit.write(change)

    async def reset(self, tenant: str, name: str) -> None:
        self._unit.write(lambda tables: tables.settings.pop((tenant, name), None))


class InMemoryOutbox(Outbox):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def add(self, *events: Event) -> None:
        def change(tables: Tables) -> None:
            for event in events:
                tables.append(event)

        self._unit.write(change)

    async def page(self, tenant: str, *, after: int, limit: int) -> tuple[StoredEvent, ...]:
        rows = sorted(self._unit.tables.outbox.values(), key=lambda row: row.id)
        return tuple([row for row in rows if row.tenant == tenant and row.id > after][:limit])

    async def unpublished(self, limit: int) -> tuple[StoredEvent, ...]:
        return tuple(self._waiting()[:limit])

    async def mark_published(self, event_ids: Sequence[int], now: datetime) -> None:
        self._unit.write(lambda tables: tables.published.update(dict.fromkeys(event_ids, now)))

    async def mark_refused(self, event_id: int, reason: str, now: datetime) -> None:
        del now
        self._unit.write(lambda tables: tables.refused.update({event_id: reason}))

    async def backlog(self) -> Backlog:
        waiting = self._waiting()
        return Backlog(count=len(waiting), oldest_at=min((row.occurred_at for row in waiting), default=None))

    def _waiting(self) -> list[StoredEvent]:
        tables = self._unit.tables
        rows = sorted(tables.outbox.values(), key=lambda row: row.id)
        return [row for row in rows if row.id not in tables.published and row.id not in tables.refused]

    async def purge(self, before: datetime, *, with_waiting: bool) -> int:
        def change(tables: Tables) -> int:
            kept = set() if with_waiting else {row.id for row in self._waiting()}
            gone = [row.id for row in tables.outbox.values() if row.occurred_at < before and row.id not in kept]
            for event_id in gone:
                del tables.outbox[event_id]
            return len(gone)

        return self._unit.write(change)
