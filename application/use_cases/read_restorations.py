"""Read how groups of restorations are."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.restorations import Counts
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.cached_copy import CachedCopy
from domain.errors import NotFound
from domain.restoration import RequestState, Restoration, RestorationGroup, RestorationRequest, RestorationState
from domain.restoration_estimate import MOST_REMEMBERED, remaining


@attrs.frozen(kw_only=True)
class FileView:
    """One file of a group. ``state`` is the request's, or RESTORING while the storage or the copying is at work.

    ``available_until`` is absent for what can be read without an end.
    """

    checksum: str
    state: str
    available_until: datetime | None = None
    reason: str | None = None
    size_bytes: int | None = None
    restored_bytes: int | None = None
    estimated_seconds: int | None = None


@attrs.frozen(kw_only=True)
class GroupView:
    """A group with its requests counted; ``files`` only where one group was asked for."""

    group_id: str
    state: str
    available_hours: int
    requested_by: str | None
    requested_at: datetime
    ended_at: datetime | None
    counts: Counts
    files: tuple[FileView, ...] = ()
    estimated_seconds: int | None = None


@attrs.frozen(kw_only=True)
class GroupPage:
    """Groups by id; ``next_after`` continues the listing, ``None`` at its end."""

    groups: tuple[GroupView, ...]
    next_after: str | None


@attrs.frozen
class ReadRestorations:
    """Groups of a tenant, one with all its files, or many without."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str, group_id: str) -> GroupView:
        """One group. Raises ``NotFound``, ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            group = await work.restorations.group(tenant, group_id)
            if group is None:
                raise NotFound(f"There is no restoration group {group_id!r}.")
            requests = await work.restorations.of_group(tenant, group_id)
            checksums = [request.checksum for request in requests]
            running = await work.restorations.of_files(tenant, checksums)
            cached = await work.cached_copies.of_files(tenant, checksums)
            counts = (await work.restorations.counts(tenant, [group_id])).get(group_id, Counts())
            waiting = [running[row.checksum] for row in requests if row.is_waiting and row.checksum in running]
            seconds = await _estimates(work, waiting, now)
        files = tuple(
            _file(row, running.get(row.checksum), cached.get(row.checksum), seconds.get(row.checksum))
            for row in requests
        )
        return attrs.evolve(_group(group, counts), files=files, estimated_seconds=max(seconds.values(), default=None))

    async def page(self, tenant: str, *, after: str | None, limit: int) -> GroupPage:
        """Many groups. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.restorations.groups(tenant, after=after, limit=limit + 1)
            page = found[:limit]
            counts = await work.restorations.counts(tenant, [group.group_id for group in page])
        return GroupPage(
            groups=tuple(_group(group, counts.get(group.group_id, Counts())) for group in page),
            next_after=page[-1].group_id if len(found) > len(page) else None,
        )


async def _estimates(work: UnitOfWork, waiting: Sequence[Restoration], now: datetime) -> Mapping[str, int]:
    """Seconds by checksum; the queue of a storage is counted once, as it is before the last of these files."""
    seconds: dict[str, int] = {}
    for storage in {row.storage for row in waiting}:
        rows = [row for row in waiting if row.storage == storage]
        tenant, last = rows[0].tenant, max(row.requested_at for row in rows)
        durations = await work.restorations.durations(tenant, storage, MOST_REMEMBERED)
        queue = await work.restorations.queue(tenant, storage, last)
        for place, row in enumerate(sorted(rows, key=lambda row: (row.requested_at, row.checksum))):
            mine = attrs.evolve(queue, ahead=queue.ahead + place)
            seconds[row.checksum] = math.ceil(remaining(row, durations, mine, now).total_seconds())
    return seconds


def _group(group: RestorationGroup, counts: Counts) -> GroupView:
    return GroupView(
        group_id=group.group_id,
        state=group.state.value,
        available_hours=group.available_hours,
        requested_by=group.requested_by,
        requested_at=group.requested_at,
        ended_at=group.ended_at,
        counts=counts,
    )


def _file(
    request: RestorationRequest,
    running: Restoration | None,
    cached: CachedCopy | None,
    seconds: int | None,
) -> FileView:
    view = FileView(checksum=request.checksum, state=request.state.value, reason=request.reason)
    if request.state is RequestState.AVAILABLE:
        return attrs.evolve(view, available_until=None if cached is None else cached.expires_at)
    if not request.is_waiting or running is None:
        return view
    is_started = running.state is not RestorationState.REQUESTED
    return attrs.evolve(
        view,
        state=RestorationState.RESTORING.value if is_started else view.state,
        reason=running.reason,
        size_bytes=running.size_bytes,
        restored_bytes=running.restored_bytes,
        estimated_seconds=seconds,
    )
