"""Give everybody who asked for a file its answer, in the transaction that makes it true."""

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs

from application.ports.unit_of_work import UnitOfWork
from domain.cached_copy import CachedCopy
from domain.events import FileAvailabilityKnown, RestorationGroupEnded
from domain.restoration import (
    GroupState,
    RequestState,
    Restoration,
    RestorationGroup,
    RestorationRequest,
    RestorationState,
)

_MESSAGES = {
    GroupState.SUCCESS: "All files are available.",
    GroupState.ERROR: "Not all files could be made available.",
    GroupState.CANCELLED: "The group was cancelled.",
}


@attrs.frozen(kw_only=True)
class Ended:
    """A restoration as it ended, with the copy that it made, if it made one."""

    restoration: Restoration
    copy: CachedCopy | None = None


@attrs.frozen
class ConcludeRestorations:
    """Record how restorations of one tenant ended, tell of each file once, and end the groups that were waiting.

    Runs inside the unit of work of its caller, which has locked the restorations of the tenant and commits.
    """

    async def execute(self, work: UnitOfWork, tenant: str, ended: Sequence[Ended], now: datetime) -> None:
        """Raises ``DatabaseUnavailable``."""
        by_checksum = {item.restoration.checksum: item for item in ended}
        waiting = [row for row in await work.restorations.live_requests(tenant, by_checksum.keys()) if row.is_waiting]
        answered = [_answered(row, by_checksum[row.checksum].restoration, now) for row in waiting]
        await work.restorations.save([item.restoration for item in ended])
        await work.restorations.record_durations(
            [item.restoration for item in ended if item.restoration.state is RestorationState.AVAILABLE]
        )
        await work.cached_copies.save([item.copy for item in ended if item.copy is not None])
        await work.restorations.save_requests(answered)
        await work.outbox.add(*(_known(item, now) for item in ended))
        await self.end_groups(work, tenant, {row.group_id for row in answered}, now)

    async def end_groups(self, work: UnitOfWork, tenant: str, group_ids: Collection[str], now: datetime) -> None:
        """End those of the groups in which nothing waits any more, each once."""
        counts = await work.restorations.counts(tenant, group_ids)
        for group_id in sorted(group_ids):
            group = await work.restorations.group(tenant, group_id)
            if group is None or group.has_ended or (group_id in counts and counts[group_id].waiting):
                continue
            requests = await work.restorations.of_group(tenant, group_id)
            group = group.ended(requests, now)
            await work.restorations.save_group(group)
            await work.outbox.add(_told(group, requests, now))


def _answered(request: RestorationRequest, restoration: Restoration, now: datetime) -> RestorationRequest:
    if restoration.state is RestorationState.AVAILABLE:
        return request.ended(RequestState.AVAILABLE, now)
    return request.ended(RequestState.FAILED, now, restoration.reason)


def _known(item: Ended, now: datetime) -> FileAvailabilityKnown:
    restoration = item.restoration
    return FileAvailabilityKnown(
        tenant=restoration.tenant,
        checksum=restoration.checksum,
        is_available=restoration.state is RestorationState.AVAILABLE,
        until=restoration.available_until if restoration.state is RestorationState.AVAILABLE else None,
        occurred_at=now,
    )


def _told(group: RestorationGroup, requests: Sequence[RestorationRequest], now: datetime) -> RestorationGroupEnded:
    good = {RequestState.AVAILABLE, RequestState.RELEASED}
    return RestorationGroupEnded(
        tenant=group.tenant,
        group_id=group.group_id,
        is_success=group.state is GroupState.SUCCESS,
        message=_MESSAGES[group.state],
        available=[request.checksum for request in requests if request.state in good],
        reasons_by_checksum={
            request.checksum: request.reason or "Cancelled." for request in requests if request.state not in good
        },
        occurred_at=now,
    )
