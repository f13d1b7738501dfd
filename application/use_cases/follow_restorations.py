"""Follow the restorations that are with their storages: ask, look again, and take note of what is readable."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from application.errors import CopyMissing, LocationRefused, PluginUnusable, StorageUnavailable
from application.ports.clock import Clock
from application.ports.files import FoundFile
from application.ports.storage import NearlineStorage, StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.conclude_restorations import ConcludeRestorations, Ended
from domain.availability import Availability, CopyAvailability
from domain.cached_copy import CachedCopy
from domain.file import FileLocation
from domain.restoration import Restoration, RestorationState
from domain.restoration_estimate import MOST_REMEMBERED, deadline
from domain.restoration_step import Step, next_step

MOST_AT_ONCE = 200
"""Restorations that one worker takes in hand at once."""
LEASE = timedelta(minutes=1)
"""A worker that has not laid them down by then is gone, and another one goes on."""
ASKED_AT_ONCE = 10
ANSWER_SECONDS = 20.0
"""How long a storage may take to say how its objects are."""
REQUEST_SECONDS = 10.0
"""How long a storage may take to accept one request."""

_NOT_MENTIONED = CopyAvailability(state=Availability.ERROR, message="The storage said nothing of this copy.")


@attrs.frozen(kw_only=True)
class _Finding:
    """What is known of one restoration after its storage was asked. ``reason`` of a failure."""

    step: Step | None
    location: FileLocation | None = None
    until: datetime | None = None
    has_asked: bool = False
    reason: str | None = None
    is_retryable: bool = True


@attrs.frozen(kw_only=True)
class FollowRestorations:
    """Any number of workers follow at the same time, each what it has taken in hand.

    - Each storage is asked once for many files, with a time limit; one that hangs holds up nobody else's files.
    - What it does nothing about yet it is asked to restore; so what a crashed worker had asked is not asked again.
    - What makes no progress for too long ends its attempt. What is readable is published, or may be copied.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock
    holder: str
    look_again: timedelta
    patience: timedelta
    conclude: ConcludeRestorations = attrs.field(factory=ConcludeRestorations)

    async def execute(self) -> int:
        """How many were looked at. Raises ``DatabaseUnavailable``."""
        now = self.clock.now()
        async with self.unit_of_work() as work:
            taken = await work.restorations.claim(
                RestorationState.RESTORING, self.holder, now=now, until=now + LEASE, limit=MOST_AT_ONCE
            )
            await work.commit()
        by_storage: dict[tuple[str, str], list[Restoration]] = defaultdict(list)
        for row in taken:
            by_storage[row.tenant, row.storage].append(row)
        results = await asyncio.gather(
            *(self._follow(tenant, storage, rows) for (tenant, storage), rows in by_storage.items()),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(taken)

    async def _follow(self, tenant: str, storage: str, rows: Sequence[Restoration]) -> None:
        async with self.unit_of_work() as work:
            found = await work.files.known(tenant, [row.checksum for row in rows])
            durations = await work.restorations.durations(tenant, storage, MOST_REMEMBERED)
        nearline, failed = self._nearline(storage, found)
        findings = dict.fromkeys((row.checksum for row in rows), failed)
        if nearline is not None:
            located = {row.checksum: _on(storage, found.get(row.checksum)) for row in rows}
            answers = await _answers(nearline, [location.url for location in located.values() if location is not None])
            patience = deadline(durations, self.patience)
            permits = asyncio.Semaphore(ASKED_AT_ONCE)
            looked = (self._look(nearline, row, located[row.checksum], answers, patience, permits) for row in rows)
            findings = dict(zip(findings, await asyncio.gather(*looked), strict=True))
        await self._record(tenant, storage, findings)

    def _nearline(self, storage: str, found: Mapping[str, FoundFile]) -> tuple[NearlineStorage | None, _Finding]:
        """The storage, or why it cannot be followed."""
        location = next((c.storage for f in found.values() for c in f.copies if c.location.storage == storage), None)
        failed = _Finding(step=None, reason=f"The storage {storage!r} cannot restore now.")
        if location is None:
            return None, attrs.evolve(failed, reason="The file is no longer registered on its storage.")
        if not location.active:
            return None, failed
        try:
            usable = self.registry.storage(location)
        except PluginUnusable:
            return None, failed
        return (usable, failed) if isinstance(usable, NearlineStorage) else (None, failed)

    async def _look(
        self,
        storage: NearlineStorage,
        row: Restoration,
        location: FileLocation | None,
        answers: Mapping[str, CopyAvailability],
        patience: timedelta,
        permits: asyncio.Semaphore,
    ) -> _Finding:
        if location is None:
            reason = "The file is no longer registered on its storage."
            return _Finding(step=None, reason=reason)
        answer = answers.get(location.url, _NOT_MENTIONED)
        step = next_step(row, answer, keeps_readable=storage.keeps_readable, deadline=patience, now=self.clock.now())
        finding = _Finding(step=step, location=location, until=answer.until)
        if step is not Step.ASK:
            # Whoever asked: while it is at work, the storage has been asked.
            return attrs.evolve(finding, has_asked=answer.state is Availability.RESTORING)
        async with permits:
            assert row.lease_until is not None, "what was taken in hand has a lease"
            if self.clock.now() + timedelta(seconds=REQUEST_SECONDS) >= row.lease_until:
                return attrs.evolve(finding, step=Step.WAIT)
            return await _asked(storage, row, finding, location)

    async def _record(self, tenant: str, storage: str, findings: Mapping[str, _Finding]) -> None:
        async with self.unit_of_work() as work:
            await work.restorations.lock(tenant)
            now = self.clock.now()
            rows = await work.restorations.of_files(tenant, findings.keys())
            ours = [row for row in rows.values() if row.storage == storage and row.is_held_by(self.holder)]
            going_on, ended = list[Restoration](), list[Ended]()
            for row in ours:
                finding = findings[row.checksum]
                after = self._after(row, finding, now)
                if after.is_under_way:
                    going_on.append(after)
                else:
                    ended.append(Ended(restoration=after, copy=_kept(after, finding, now)))
            await work.restorations.save(going_on)
            if ended:
                await self.conclude.execute(work, tenant, ended, now)
            await work.commit()

    def _after(self, row: Restoration, finding: _Finding, now: datetime) -> Restoration:
        row = row.asked(now) if finding.has_asked and row.asked_at is None else row
        match finding.step:
            case Step.ASK | Step.WAIT:
                return row.laid_down(next_look_at=now + self.look_again)
            case Step.COPY:
                return row.readable(now)
            case Step.PUBLISH:
                return row.available(finding.until, now)
            case Step.STUCK | Step.FORGOTTEN as failure:
                return row.failed(failure.value, now, is_retryable=True)
            case _:
                return row.failed(finding.reason or "Unknown.", now, is_retryable=finding.is_retryable)


async def _answers(storage: NearlineStorage, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
    """What the storage says of each; when it says nothing, that is an ERROR of each."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await storage.availability(urls)
    except TimeoutError:
        problem = "The storage did not answer in time."
    except StorageUnavailable as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 — foreign code: what one plugin raises must not stop all restorations.
        problem = f"The storage's plugin failed ({type(error).__name__})."
    return {url: CopyAvailability(state=Availability.ERROR, message=problem) for url in urls}


async def _asked(storage: NearlineStorage, row: Restoration, finding: _Finding, location: FileLocation) -> _Finding:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            await storage.restore(location.url, hours=row.available_hours)
    except TimeoutError:
        # It may have been accepted or not; the next look tells.
        return attrs.evolve(finding, step=Step.WAIT)
    except (CopyMissing, LocationRefused) as error:
        return attrs.evolve(finding, step=None, reason=str(error), is_retryable=False)
    except StorageUnavailable as error:
        return attrs.evolve(finding, step=None, reason=str(error))
    except Exception as error:  # noqa: BLE001 — as above.
        return attrs.evolve(finding, step=None, reason=f"The storage's plugin failed ({type(error).__name__}).")
    return attrs.evolve(finding, has_asked=True)


def _on(storage: str, found: FoundFile | None) -> FileLocation | None:
    copies = () if found is None else found.copies
    return next((copy.location for copy in copies if copy.location.storage == storage), None)


def _kept(row: Restoration, finding: _Finding, now: datetime) -> CachedCopy | None:
    """The copy that its storage keeps readable; none when it failed, or is readable for ever anyway."""
    if row.state is not RestorationState.AVAILABLE or finding.until is None or finding.location is None:
        return None
    return CachedCopy(
        tenant=row.tenant,
        checksum=row.checksum,
        storage=row.storage,
        url=finding.location.url,
        size_bytes=row.size_bytes,
        published_at=now,
        expires_at=finding.until,
    )
