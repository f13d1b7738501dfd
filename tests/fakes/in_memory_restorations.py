"""Repositories of an in-memory unit of work: restorations and cached copies."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import attrs

from application.ports.cached_copies import CachedCopyRepository
from application.ports.jobs import Backlog
from application.ports.restorations import Counts, RestorationRepository
from domain.cached_copy import CachedCopy
from domain.restoration import (
    STARTED,
    RequestState,
    Restoration,
    RestorationGroup,
    RestorationRequest,
    RestorationState,
)
from domain.restoration_estimate import Queue
from tests.fakes.in_memory_database import Tables
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryRestorationRepository(RestorationRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def lock(self, tenant: str) -> None:
        """A unit in memory is alone while it does not wait for anything else."""

    async def save_group(self, group: RestorationGroup) -> None:
        def change(tables: Tables) -> None:
            tables.restoration_groups[group.tenant, group.group_id] = group

        self._unit.write(change)

    async def group(self, tenant: str, group_id: str) -> RestorationGroup | None:
        return self._unit.tables.restoration_groups.get((tenant, group_id))

    async def groups(self, tenant: str, *, after: str | None, limit: int) -> tuple[RestorationGroup, ...]:
        rows = sorted(self._unit.tables.restoration_groups.items())
        mine = [row for (owner, key), row in rows if owner == tenant and (after is None or key > after)]
        return tuple(mine[:limit])

    async def disown(self, tenant: str, email: str) -> int:
        def change(tables: Tables) -> int:
            rows = tables.restoration_groups.items()
            mine = {key: row for key, row in rows if (key[0], row.requested_by) == (tenant, email)}
            tables.restoration_groups.update({key: attrs.evolve(row, requested_by=None) for key, row in mine.items()})
            return len(mine)

        return self._unit.write(change)

    async def counts(self, tenant: str, group_ids: Collection[str]) -> dict[str, Counts]:
        found: dict[str, Counter[RequestState]] = {}
        for (owner, group_id, _), row in self._unit.tables.restoration_requests.items():
            if owner == tenant and group_id in group_ids:
                found.setdefault(group_id, Counter())[row.state] += 1
        return {
            group_id: Counts(
                waiting=states[RequestState.REQUESTED],
                available=states[RequestState.AVAILABLE],
                failed=states[RequestState.FAILED],
                others=states[RequestState.CANCELLED] + states[RequestState.RELEASED],
            )
            for group_id, states in found.items()
        }

    async def save_requests(self, requests: Sequence[RestorationRequest]) -> None:
        rows = {(row.tenant, row.group_id, row.checksum): row for row in requests}
        self._unit.write(lambda tables: tables.restoration_requests.update(rows))

    async def of_group(self, tenant: str, group_id: str) -> tuple[RestorationRequest, ...]:
        rows = sorted(self._unit.tables.restoration_requests.items())
        return tuple(row for key, row in rows if key[:2] == (tenant, group_id))

    async def live_requests(self, tenant: str, checksums: Collection[str]) -> tuple[RestorationRequest, ...]:
        live = {RequestState.REQUESTED, RequestState.AVAILABLE}
        rows = sorted(self._unit.tables.restoration_requests.items())
        return tuple(row for key, row in rows if key[0] == tenant and key[2] in checksums and row.state in live)

    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, Restoration]:
        rows = self._unit.tables.restorations
        return {key: rows[tenant, key] for key in sorted(checksums) if (tenant, key) in rows}

    async def save(self, restorations: Sequence[Restoration]) -> None:
        rows = {(row.tenant, row.checksum): row for row in restorations}
        self._unit.write(lambda tables: tables.restorations.update(rows))

    async def storages_due(self, now: datetime) -> tuple[tuple[str, str], ...]:
        oldest: dict[tuple[str, str], datetime] = {}
        for row in self._waiting(now):
            oldest.setdefault((row.tenant, row.storage), row.requested_at)
        return tuple(sorted(oldest, key=lambda key: (oldest[key], *key)))

    async def due(self, tenant: str, storage: str, now: datetime, limit: int) -> tuple[Restoration, ...]:
        return tuple([row for row in self._waiting(now) if (row.tenant, row.storage) == (tenant, storage)][:limit])

    async def claim(
        self,
        state: RestorationState,
        holder: str,
        *,
        now: datetime,
        until: datetime,
        limit: int,
        besides: Collection[tuple[str, str]] = (),
    ) -> tuple[Restoration, ...]:
        def change(tables: Tables) -> tuple[Restoration, ...]:
            free = [row for row in _free(tables, state, now) if (row.tenant, row.storage) not in besides]
            free.sort(key=lambda row: (row.next_attempt_at, row.tenant, row.checksum))
            taken = tuple(attrs.evolve(row, holder=holder, lease_until=until) for row in free[:limit])
            tables.restorations.update({(row.tenant, row.checksum): row for row in taken})
            return taken

        return self._unit.write(change)

    async def backlog(self, state: RestorationState, now: datetime) -> Backlog:
        free = _free(self._unit.tables, state, now)
        return Backlog(count=len(free), oldest_at=min((row.next_attempt_at for row in free), default=None))

    async def renew(
        self, restoration: Restoration, holder: str, *, restored_bytes: int, now: datetime, until: datetime
    ) -> bool:
        def change(tables: Tables) -> bool:
            key = restoration.tenant, restoration.checksum
            row = tables.restorations.get(key)
            if row is None or not row.is_held_by(holder):
                return False
            tables.restorations[key] = attrs.evolve(
                row, lease_until=until, restored_bytes=restored_bytes, progressed_at=now
            )
            return True

        return self._unit.write(change)

    async def queue(self, tenant: str, storage: str, before: datetime) -> Queue:
        rows = [r for r in self._unit.tables.restorations.values() if (r.tenant, r.storage) == (tenant, storage)]
        ahead = [r for r in rows if r.state is RestorationState.REQUESTED and r.requested_at < before]
        return Queue(running=sum(row.state in STARTED for row in rows), ahead=len(ahead))

    async def record_durations(self, restorations: Sequence[Restoration]) -> None:
        rows = {
            (row.tenant, row.storage, row.ended_at, row.checksum): row.ended_at - row.started_at
            for row in restorations
            if row.ended_at is not None and row.started_at is not None
        }
        self._unit.write(lambda tables: tables.restoration_durations.update(rows))

    async def durations(self, tenant: str, storage: str, limit: int) -> tuple[timedelta, ...]:
        rows = [
            (k[2], k[3], v) for k, v in self._unit.tables.restoration_durations.items() if k[:2] == (tenant, storage)
        ]
        by_checksum = sorted(rows, key=lambda row: row[1])
        return tuple(row[2] for row in sorted(by_checksum, key=lambda row: row[0], reverse=True)[:limit])

    async def purge(self, before: datetime) -> int:
        def change(tables: Tables) -> int:
            gone = [k for k, row in tables.restoration_groups.items() if row.ended_at and row.ended_at < before]
            for key in gone:
                del tables.restoration_groups[key]
            for request in [k for k in tables.restoration_requests if k[:2] not in tables.restoration_groups]:
                del tables.restoration_requests[request]
            old = [
                k for k, r in tables.restorations.items() if not r.is_under_way and r.ended_at and r.ended_at < before
            ]
            for file in old:
                del tables.restorations[file]
            for entry in [k for k in tables.restoration_durations if k[2] < before]:
                del tables.restoration_durations[entry]
            return len(gone)

        return self._unit.write(change)

    def _waiting(self, now: datetime) -> list[Restoration]:
        rows = self._unit.tables.restorations.values()
        waiting = [row for row in rows if row.state is RestorationState.REQUESTED and row.next_attempt_at <= now]
        return sorted(waiting, key=lambda row: (row.requested_at, row.checksum))


def _free(tables: Tables, state: RestorationState, now: datetime) -> list[Restoration]:
    """Due in this state, and in nobody's hands."""
    return [
        row
        for row in tables.restorations.values()
        if row.state is state and row.next_attempt_at <= now and (row.lease_until is None or row.lease_until <= now)
    ]


class InMemoryCachedCopyRepository(CachedCopyRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, CachedCopy]:
        rows = self._unit.tables.cached_copies
        return {key: rows[tenant, key] for key in checksums if (tenant, key) in rows}

    async def by_urls(self, tenant: str, urls: Collection[str]) -> dict[str, CachedCopy]:
        return {row.url: row for row in self._of(tenant) if row.is_internal and row.url in urls}

    async def save(self, copies: Sequence[CachedCopy]) -> None:
        rows = {(row.tenant, row.checksum): row for row in copies}
        self._unit.write(lambda tables: tables.cached_copies.update(rows))

    async def remove(self, copies: Sequence[CachedCopy]) -> None:
        def change(tables: Tables) -> None:
            for row in copies:
                tables.cached_copies.pop((row.tenant, row.checksum), None)

        self._unit.write(change)

    async def tenants_with_expired(self, now: datetime) -> tuple[str, ...]:
        rows = self._unit.tables.cached_copies.values()
        return tuple(sorted({row.tenant for row in rows if row.expires_at <= now}))

    async def expired(self, tenant: str, now: datetime, limit: int) -> tuple[CachedCopy, ...]:
        gone = [row for row in self._of(tenant) if row.expires_at <= now]
        return tuple(sorted(gone, key=lambda row: (row.expires_at, row.checksum))[:limit])

    async def internal_page(self, tenant: str, *, after: str | None, limit: int) -> tuple[CachedCopy, ...]:
        rows = [row for row in self._of(tenant) if row.is_internal and (after is None or row.checksum > after)]
        return tuple(sorted(rows, key=lambda row: row.checksum)[:limit])

    async def used_bytes(self, tenant: str) -> tuple[int, int]:
        cached = sum(row.size_bytes for row in self._of(tenant) if row.is_internal)
        rows = self._unit.tables.restorations.values()
        return cached, sum(row.reserved_bytes for row in rows if row.tenant == tenant)

    def _of(self, tenant: str) -> list[CachedCopy]:
        return [row for row in self._unit.tables.cached_copies.values() if row.tenant == tenant]
