"""Restorations: the one of each file, and who has it in hand."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, not_, or_, select, tuple_, update

from adapters.persistence.json_rows import unfolded
from adapters.persistence.repositories.restoration_groups import SqlRestorationGroups, bound
from adapters.persistence.restoration_rows import restoration_from, values
from adapters.persistence.tables import (
    restoration,
    restoration_group,
    restoration_history,
    restoration_request,
    tenant,
)
from adapters.persistence.transaction import Transaction
from application.ports.jobs import Backlog
from application.ports.restorations import RestorationRepository
from domain.restoration import (
    STARTED,
    UNDER_WAY,
    Restoration,
    RestorationState,
)
from domain.restoration_estimate import Queue

_WAITS = restoration.c.state == RestorationState.REQUESTED.value


class SqlRestorationRepository(SqlRestorationGroups, RestorationRepository):
    """Restorations by tenant and checksum, and the groups that ask for them."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self._is_locked = False

    async def lock(self, tenant: str) -> None:
        """The row of the tenant stands for its restorations; SQLite has one writer anyway, from here on."""
        await self._transaction.write(_locked(tenant))
        self._is_locked = True

    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, Restoration]:
        """The restorations of files; whoever has the lock keeps them from being taken in hand until this unit ends."""
        wanted = unfolded(self._transaction.dialect, "wanted", [restoration.c.checksum])
        query = (
            select(restoration)
            .where(restoration.c.tenant == tenant, restoration.c.checksum.in_(select(wanted.c.checksum)))
            .order_by(restoration.c.checksum)
        )
        if self._is_locked:
            query = query.with_for_update(of=restoration)
        result = await self._transaction.read(query, bound(checksums))
        return {row["checksum"]: restoration_from(dict(row)) for row in result.mappings()}

    async def save(self, restorations: Sequence[Restoration]) -> None:
        """Insert or replace."""
        rows = sorted(restorations, key=lambda row: (row.tenant, row.checksum))
        await self._upsert(restoration, [values(row) for row in rows])

    async def storages_due(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """Tenants and storages, the longest wait first."""
        key = (restoration.c.tenant, restoration.c.storage)
        query = select(*key).where(_WAITS, restoration.c.next_attempt_at <= now).group_by(*key)
        result = await self._transaction.read(query.order_by(func.min(restoration.c.requested_at), *key))
        return tuple((name, storage) for name, storage in map(tuple, result))

    async def due(self, tenant: str, storage: str, now: datetime, limit: int) -> tuple[Restoration, ...]:
        """Attempts that may start, in the order of asking."""
        query = (
            select(restoration)
            .where(
                restoration.c.tenant == tenant,
                restoration.c.storage == storage,
                _WAITS,
                restoration.c.next_attempt_at <= now,
            )
            .order_by(restoration.c.requested_at, restoration.c.checksum)
            .limit(limit)
        )
        result = await self._transaction.read(query.with_for_update(of=restoration))
        return tuple(restoration_from(dict(row)) for row in result.mappings())

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
        """Taken in one statement; on PostgreSQL it passes over rows that another one has in hand."""
        is_free = and_(
            _is_free(state, now),
            *(
                not_(and_(restoration.c.tenant == tenant_name, restoration.c.storage == storage))
                for tenant_name, storage in sorted(besides)
            ),
        )
        # Mostly there is nothing to take: then nothing is written, and no writer waits.
        if (await self._transaction.read(select(restoration.c.checksum).where(is_free).limit(1))).first() is None:
            return ()
        key = (restoration.c.tenant, restoration.c.checksum)
        order = (restoration.c.next_attempt_at, *key)
        free = select(*key).where(is_free).order_by(*order).limit(limit).with_for_update(skip_locked=True)
        # PostgreSQL would otherwise be free to look for rows again for each row that it changes.
        chosen = free.cte("chosen").prefix_with("MATERIALIZED") if self._transaction.dialect == "postgresql" else None
        some = free if chosen is None else select(chosen.c.tenant, chosen.c.checksum)
        result = await self._transaction.write(
            update(restoration)
            .where(tuple_(*key).in_(some))
            .values(holder=holder, lease_until=until)
            .returning(restoration)
        )
        found = [restoration_from(dict(row)) for row in result.mappings()]
        return tuple(sorted(found, key=lambda row: (row.next_attempt_at, row.tenant, row.checksum)))

    async def backlog(self, state: RestorationState, now: datetime) -> Backlog:
        """Counted in one statement."""
        found = select(func.count().label("count"), func.min(restoration.c.next_attempt_at).label("oldest_at"))
        return Backlog(**(await self._transaction.read(found.where(_is_free(state, now)))).mappings().one())

    async def renew(
        self, restoration: Restoration, holder: str, *, restored_bytes: int, now: datetime, until: datetime
    ) -> bool:
        """Hold on, if it is still held."""
        held = _table.c
        result = await self._transaction.write(
            update(_table)
            .where(
                held.tenant == restoration.tenant,
                held.checksum == restoration.checksum,
                held.holder == holder,
                held.state.in_(sorted(state.value for state in STARTED)),
            )
            .values(lease_until=until, restored_bytes=restored_bytes, progressed_at=now)
        )
        return result.rowcount == 1

    async def queue(self, tenant: str, storage: str, before: datetime) -> Queue:
        """Counted in one statement."""
        of_storage = and_(restoration.c.tenant == tenant, restoration.c.storage == storage)
        running = select(func.count()).where(of_storage, restoration.c.state.in_(sorted(s.value for s in STARTED)))
        ahead = select(func.count()).where(of_storage, _WAITS, restoration.c.requested_at < before)
        both = select(running.scalar_subquery().label("running"), ahead.scalar_subquery().label("ahead"))
        return Queue(**(await self._transaction.read(both)).mappings().one())

    async def record_durations(self, restorations: Sequence[Restoration]) -> None:
        """From the start of the attempt that succeeded to its end."""
        rows = [
            {
                "tenant": row.tenant,
                "storage": row.storage,
                "checksum": row.checksum,
                "ended_at": row.ended_at,
                "duration": row.ended_at - row.started_at,
                "size_bytes": row.size_bytes,
            }
            for row in restorations
            if row.ended_at is not None and row.started_at is not None
        ]
        await self._upsert(restoration_history, rows)

    async def durations(self, tenant: str, storage: str, limit: int) -> tuple[timedelta, ...]:
        """The last ones."""
        row = restoration_history.c
        query = select(row.duration).where(row.tenant == tenant, row.storage == storage)
        result = await self._transaction.read(query.order_by(row.ended_at.desc(), row.checksum).limit(limit))
        return tuple(result.scalars())

    async def purge(self, before: datetime) -> int:
        """What ended before; requests go with their groups."""
        gone = await self._transaction.write(delete(restoration_group).where(restoration_group.c.ended_at < before))
        of_group = exists().where(
            restoration_group.c.tenant == restoration_request.c.tenant,
            restoration_group.c.group_id == restoration_request.c.group_id,
        )
        if gone.rowcount:
            await self._transaction.write(delete(restoration_request).where(~of_group))
        await self._transaction.write(
            delete(restoration).where(
                restoration.c.ended_at < before, restoration.c.state.not_in(sorted(s.value for s in UNDER_WAY))
            )
        )
        await self._transaction.write(delete(restoration_history).where(restoration_history.c.ended_at < before))
        return gone.rowcount


_table = restoration
"""The table, where a restoration is at hand under its name."""


def _is_free(state: RestorationState, now: datetime) -> ColumnElement[bool]:
    return and_(
        restoration.c.state == state.value,
        restoration.c.next_attempt_at <= now,
        or_(restoration.c.lease_until.is_(None), restoration.c.lease_until <= now),
    )


def _locked(name: str) -> Select[Any]:
    return select(tenant.c.name).where(tenant.c.name == name).with_for_update()
