"""Restorations: groups, and what they ask for."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, func, select, update

from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.restoration_rows import group_from, request_from, values
from adapters.persistence.tables import restoration_group, restoration_request
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.restorations import Counts
from domain.restoration import RequestState, RestorationGroup, RestorationRequest

_LIVE = (RequestState.REQUESTED.value, RequestState.AVAILABLE.value)


class SqlRestorationGroups:
    """Groups by tenant and id, requests also by checksum."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def save_group(self, group: RestorationGroup) -> None:
        """Insert or replace."""
        await self._upsert(restoration_group, [values(group)])

    async def group(self, tenant: str, group_id: str) -> RestorationGroup | None:
        """One group."""
        query = _groups(tenant).where(restoration_group.c.group_id == group_id)
        row = (await self._transaction.read(query)).mappings().first()
        return None if row is None else group_from(dict(row))

    async def groups(self, tenant: str, *, after: str | None, limit: int) -> tuple[RestorationGroup, ...]:
        """Groups by id."""
        query = _groups(tenant)
        if after is not None:
            query = query.where(restoration_group.c.group_id > after)
        result = await self._transaction.read(query.order_by(restoration_group.c.group_id).limit(limit))
        return tuple(group_from(dict(row)) for row in result.mappings())

    async def disown(self, tenant: str, email: str) -> int:
        """Make the groups that a user asked for nobody's."""
        asked = restoration_group.c
        result = await self._transaction.write(
            update(restoration_group)
            .where(asked.tenant == tenant, asked.requested_by == email)
            .values(requested_by=None)
        )
        return result.rowcount

    async def counts(self, tenant: str, group_ids: Collection[str]) -> dict[str, Counts]:
        """Requests of groups, counted."""
        asked = restoration_request.c
        wanted = unfolded(self._transaction.dialect, "wanted", [asked.group_id])
        query = (
            select(asked.group_id, asked.state, func.count())
            .where(asked.tenant == tenant, asked.group_id.in_(select(wanted.c.group_id)))
            .group_by(asked.group_id, asked.state)
        )
        found: dict[str, dict[str, int]] = {}
        for row in await self._transaction.read(query, bound(group_ids)):
            group_id, state, count = tuple(row)
            found.setdefault(group_id, {})[state] = count
        return {group_id: _counts(of_state) for group_id, of_state in found.items()}

    async def save_requests(self, requests: Sequence[RestorationRequest]) -> None:
        """Insert or replace."""
        rows = sorted(requests, key=lambda row: (row.tenant, row.group_id, row.checksum))
        await self._upsert(restoration_request, [values(row) for row in rows])

    async def of_group(self, tenant: str, group_id: str) -> tuple[RestorationRequest, ...]:
        """The requests of a group, by checksum."""
        asked = restoration_request.c
        query = select(restoration_request).where(asked.tenant == tenant, asked.group_id == group_id)
        result = await self._transaction.read(query.order_by(asked.checksum))
        return tuple(request_from(dict(row)) for row in result.mappings())

    async def live_requests(self, tenant: str, checksums: Collection[str]) -> tuple[RestorationRequest, ...]:
        """Those that wait or count on a file."""
        asked = restoration_request.c
        wanted = unfolded(self._transaction.dialect, "wanted", [asked.checksum])
        query = select(restoration_request).where(
            asked.tenant == tenant, asked.checksum.in_(select(wanted.c.checksum)), asked.state.in_(_LIVE)
        )
        result = await self._transaction.read(query.order_by(asked.group_id, asked.checksum), bound(checksums))
        return tuple(request_from(dict(row)) for row in result.mappings())

    async def _upsert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._transaction.write(upsert(self._transaction.dialect, table), rows)


def _groups(name: str) -> Select[Any]:
    return select(restoration_group).where(restoration_group.c.tenant == name)


def bound(keys: Collection[str]) -> dict[str, str]:
    return {"wanted": encoded([key] for key in sorted(keys))}


def _counts(of_state: dict[str, int]) -> Counts:
    waiting = of_state.pop(RequestState.REQUESTED.value, 0)
    available = of_state.pop(RequestState.AVAILABLE.value, 0)
    failed = of_state.pop(RequestState.FAILED.value, 0)
    return Counts(waiting=waiting, available=available, failed=failed, others=sum(of_state.values()))
