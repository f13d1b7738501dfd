"""Groups that want no more: what waits is cancelled, what they have is given back."""

from collections.abc import Sequence

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.conclude_restorations import ConcludeRestorations
from domain.cache import given_back
from domain.errors import NotFound
from domain.restoration import RequestState, RestorationRequest, remaining_wish

REASON = "Cancelled."


@attrs.frozen(kw_only=True)
class EndRestorationRequest:
    """Which group, and which of its files; ``None`` is all of them."""

    tenant: str
    group_id: str
    checksums: tuple[str, ...] | None = None


@attrs.frozen
class CancelRestoration:
    """Cancel what a group waits for; what it has it keeps until it expires.

    A restoration that no group waits for any more ends: its room is free, and what its storage still does is unused.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self, request: EndRestorationRequest) -> int:
        """How many files were waited for. Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            mine = await _locked(work, request)
            count = await _cancel(work, request, mine, self.conclude, self.clock)
            await work.commit()
        return count


@attrs.frozen
class ReleaseRestoration:
    """Give files back before their time: what waits is cancelled, what is there is kept only for other groups.

    A file in the internal cache expires when the last of the other groups' wishes ends, which may be at once. What a
    nearline storage keeps readable stays as long as it keeps it: that room is not ours.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self, request: EndRestorationRequest) -> int:
        """How many files were given back or cancelled. Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            mine = await _locked(work, request)
            now = self.clock.now()
            back = [row for row in mine if row.state is RequestState.AVAILABLE]
            await work.restorations.save_requests([row.ended(RequestState.RELEASED, now) for row in back])
            checksums = [row.checksum for row in back]
            others = await work.restorations.live_requests(request.tenant, checksums)
            cached = await work.cached_copies.of_files(request.tenant, checksums)
            await work.cached_copies.save(
                [
                    given_back(copy, remaining_wish((row for row in others if row.checksum == checksum), now))
                    for checksum, copy in cached.items()
                    if copy.is_internal
                ]
            )
            cancelled = await _cancel(work, request, mine, self.conclude, self.clock)
            await work.commit()
        return len(back) + cancelled


async def _locked(work: UnitOfWork, request: EndRestorationRequest) -> Sequence[RestorationRequest]:
    """The requests that it is about, while nobody else changes any. Raises ``NotFound``."""
    await work.restorations.lock(request.tenant)
    if await work.restorations.group(request.tenant, request.group_id) is None:
        raise NotFound(f"There is no restoration group {request.group_id!r}.")
    rows = await work.restorations.of_group(request.tenant, request.group_id)
    if request.checksums is None:
        return rows
    wanted = frozenset(request.checksums)
    if unknown := sorted(wanted - {row.checksum for row in rows}):
        raise NotFound(f"The group {request.group_id!r} did not ask for the file {unknown[0]!r}.")
    return [row for row in rows if row.checksum in wanted]


async def _cancel(
    work: UnitOfWork,
    request: EndRestorationRequest,
    mine: Sequence[RestorationRequest],
    conclude: ConcludeRestorations,
    clock: Clock,
) -> int:
    now = clock.now()
    waiting = [row for row in mine if row.is_waiting]
    await work.restorations.save_requests([row.ended(RequestState.CANCELLED, now, REASON) for row in waiting])
    checksums = {row.checksum for row in waiting}
    others = [row for row in await work.restorations.live_requests(request.tenant, checksums) if row.is_waiting]
    hours: dict[str, int] = {}
    for row in others:
        hours[row.checksum] = max(row.available_hours, hours.get(row.checksum, 0))
    running = await work.restorations.of_files(request.tenant, checksums)
    await work.restorations.save(
        [
            attrs.evolve(row, available_hours=hours[checksum]) if checksum in hours else row.cancelled(now)
            for checksum, row in running.items()
            if row.is_under_way
        ]
    )
    await conclude.end_groups(work, request.tenant, [request.group_id], now)
    return len(waiting)
