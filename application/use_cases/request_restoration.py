"""Ask that files be readable for some time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.identifiers import IdSource
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.conclude_restorations import ConcludeRestorations
from domain.cache import extended
from domain.cached_copy import CachedCopy
from domain.errors import AlreadyExists, InvalidValue
from domain.events import FileAvailabilityKnown, RestorationGroupGranted
from domain.restoration import MOST_FILES, RequestState, Restoration, RestorationGroup, RestorationRequest
from domain.selection import in_order_of_choice, restorable, why_none_is_readable
from domain.text import is_storable

LONGEST_GROUP_ID = 128


@attrs.frozen(kw_only=True)
class RequestRestorationRequest:
    """Which files of a tenant a group wants for how many hours; ``group_id`` ``None`` makes a new one."""

    tenant: str
    group_id: str | None
    checksums: tuple[str, ...]
    available_hours: int
    requested_by: str | None = None


@attrs.frozen(kw_only=True)
class RestorationAsked:
    """The group, and whether it is new: asking again the same changes nothing."""

    group_id: str
    is_new: bool


@attrs.frozen
class RequestRestoration:
    """Answer at once what can be, and have the rest restored; what is being restored already is only joined.

    - A file that can be read is available; a copy in the cache is kept for longer if this group wants it longer.
    - A file that nobody knows, or that no storage can restore, fails.
    - A group is asked for once: again with the same files it is as it was, with others it is refused.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdSource
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self, request: RequestRestorationRequest) -> RestorationAsked:
        """Raises ``InvalidValue``, ``AlreadyExists`` for a group of other files, ``DatabaseUnavailable``."""
        checksums = tuple(dict.fromkeys(request.checksums))
        group = self._group(request, checksums)
        rows = {
            checksum: RestorationRequest(
                tenant=group.tenant,
                group_id=group.group_id,
                checksum=checksum,
                available_hours=group.available_hours,
                requested_at=group.requested_at,
            )
            for checksum in checksums
        }
        async with self.unit_of_work() as work:
            await work.restorations.lock(group.tenant)
            if await work.restorations.group(group.tenant, group.group_id) is not None:
                known = {row.checksum for row in await work.restorations.of_group(group.tenant, group.group_id)}
                if not known >= rows.keys():
                    raise AlreadyExists(f"There is a group {group.group_id!r} already, which asked for other files.")
                await work.commit()
                return RestorationAsked(group_id=group.group_id, is_new=False)
            await self._take(work, group, list(rows.values()))
            await work.commit()
        return RestorationAsked(group_id=group.group_id, is_new=True)

    def _group(self, request: RequestRestorationRequest, checksums: Sequence[str]) -> RestorationGroup:
        group_id = self.ids.new_id() if request.group_id is None else request.group_id
        if not is_storable(group_id) or len(group_id) > LONGEST_GROUP_ID or "/" in group_id or group_id in {".", ".."}:
            raise InvalidValue(f"groupId has 1 to {LONGEST_GROUP_ID} characters that fit into one segment of a URL.")
        if len(checksums) > MOST_FILES:
            raise InvalidValue(f"A group asks for at most {MOST_FILES} files, not {len(checksums)}.")
        if not all(is_storable(checksum) for checksum in checksums):
            raise InvalidValue("Each checksum must be a non-empty text of valid Unicode without NUL.")
        return RestorationGroup(
            tenant=request.tenant,
            group_id=group_id,
            requested_at=self.clock.now(),
            available_hours=request.available_hours,
            requested_by=request.requested_by,
        )

    async def _take(self, work: UnitOfWork, group: RestorationGroup, rows: Sequence[RestorationRequest]) -> None:
        checksums = sorted(row.checksum for row in rows)
        found = await work.files.known(group.tenant, checksums)
        cached = await work.cached_copies.of_files(group.tenant, checksums)
        under_way = await work.restorations.of_files(group.tenant, checksums)
        takings = [
            _taking(row, found.get(row.checksum), cached.get(row.checksum), under_way.get(row.checksum)) for row in rows
        ]
        await work.restorations.save_group(group)
        await work.restorations.save_requests([taking.request for taking in takings])
        await work.restorations.save([taking.restoration for taking in takings if taking.restoration is not None])
        await work.cached_copies.save([taking.copy for taking in takings if taking.copy is not None])
        now = group.requested_at
        granted = RestorationGroupGranted(tenant=group.tenant, group_id=group.group_id, occurred_at=now)
        known = [_known(taking, now) for taking in takings if not taking.request.is_waiting]
        await work.outbox.add(granted, *known)
        await self.conclude.end_groups(work, group.tenant, [group.group_id], now)


@attrs.frozen
class _Taking:
    """What becomes of one request: its answer if there is one, and what it changes."""

    request: RestorationRequest
    restoration: Restoration | None = None
    copy: CachedCopy | None = None
    until: datetime | None = None


def _taking(
    request: RestorationRequest, found: FoundFile | None, cached: CachedCopy | None, running: Restoration | None
) -> _Taking:
    now, hours = request.requested_at, request.available_hours
    if found is None:
        # Upstream's sentence (contract-downloader section 7.2).
        reason = f"file with checksum {request.checksum} does not exists."
        return _Taking(request.ended(RequestState.FAILED, now, reason))
    if any(copy.readable_until is None for copy in in_order_of_choice(found.copies, now)):
        return _Taking(request.ended(RequestState.AVAILABLE, now))
    if running is not None and running.is_under_way:
        return _Taking(request, running.joined(hours))
    wished = now + timedelta(hours=hours)
    if cached is not None and now < cached.expires_at and (cached.is_internal or wished <= cached.expires_at):
        kept = extended(cached, wished) if cached.is_internal else cached
        return _Taking(request.ended(RequestState.AVAILABLE, now), copy=kept, until=kept.expires_at)
    copies = [attrs.evolve(copy, readable_until=None) for copy in found.copies]
    candidates = restorable(copies, now)
    if not candidates:
        return _Taking(request.ended(RequestState.FAILED, now, str(why_none_is_readable(copies, now))))
    restoration = Restoration(
        tenant=request.tenant,
        checksum=request.checksum,
        storage=candidates[0].location.storage,
        size_bytes=found.file.size_bytes,
        available_hours=hours,
        requested_at=now,
        next_attempt_at=now,
    )
    return _Taking(request, restoration)


def _known(taking: _Taking, now: datetime) -> FileAvailabilityKnown:
    request = taking.request
    is_available = request.state is RequestState.AVAILABLE
    return FileAvailabilityKnown(
        tenant=request.tenant,
        checksum=request.checksum,
        is_available=is_available,
        until=taking.until,
        occurred_at=now,
    )
