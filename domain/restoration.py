"""Making nearline files readable for some time: what groups ask for, and what becomes of each file (DESIGN section 7).

Groups ask, each for its own hours; of a file there is one restoration, which all groups that asked share.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from domain.errors import InvalidValue

DEFAULT_HOURS = 24
MOST_HOURS = 24 * 3650
MOST_FILES = 1000
"""Files that one group may ask for."""

MOST_ATTEMPTS = 5
"""A restoration that failed so often has failed for good."""
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)


class RequestState(StrEnum):
    """How far the request of one group for one file is."""

    REQUESTED = "REQUESTED"
    AVAILABLE = "AVAILABLE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RELEASED = "RELEASED"


@attrs.frozen(kw_only=True)
class RestorationRequest:
    """One file that one group asked for. ``ended_at`` is when the answer was known."""

    tenant: str
    group_id: str
    checksum: str
    available_hours: int
    requested_at: datetime
    state: RequestState = RequestState.REQUESTED
    ended_at: datetime | None = None
    reason: str | None = None

    def __attrs_post_init__(self) -> None:
        if not 0 < self.available_hours <= MOST_HOURS:
            raise InvalidValue("A file is made available for at least one hour, and at most ten years.")

    @property
    def is_waiting(self) -> bool:
        """Whether the group has no answer for this file yet."""
        return self.state is RequestState.REQUESTED

    @property
    def wished_until(self) -> datetime | None:
        """Until when the group counts on the file; ``None`` when it does not (yet, or any more)."""
        if self.state is not RequestState.AVAILABLE or self.ended_at is None:
            return None
        return self.ended_at + timedelta(hours=self.available_hours)

    def ended(self, state: RequestState, now: datetime, reason: str | None = None) -> "RestorationRequest":
        """With its answer."""
        return attrs.evolve(self, state=state, ended_at=now, reason=reason)


class GroupState(StrEnum):
    """How a group is: it ends once, when each of its requests has an answer."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


@attrs.frozen(kw_only=True)
class RestorationGroup:
    """Files that were asked for together. ``requested_by`` is ``None`` when a message asked."""

    tenant: str
    group_id: str
    requested_at: datetime
    available_hours: int
    requested_by: str | None = None
    state: GroupState = GroupState.PENDING
    ended_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether each of its requests has an answer."""
        return self.state is not GroupState.PENDING

    def ended(self, requests: Iterable[RestorationRequest], now: datetime) -> "RestorationGroup":
        """The group as it ends with these requests, none of which waits any more."""
        states = {request.state for request in requests}
        state = GroupState.SUCCESS
        if RequestState.CANCELLED in states:
            state = GroupState.CANCELLED
        elif RequestState.FAILED in states:
            state = GroupState.ERROR
        return attrs.evolve(self, state=state, ended_at=now)


class RestorationState(StrEnum):
    """How far the restoration of a file is.

    REQUESTED waits for room, or for its next attempt. RESTORING is with the storage. COPYING: the storage has the bytes
    at hand, and they are copied into the cache.
    """

    REQUESTED = "REQUESTED"
    RESTORING = "RESTORING"
    COPYING = "COPYING"
    AVAILABLE = "AVAILABLE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


UNDER_WAY = frozenset({RestorationState.REQUESTED, RestorationState.RESTORING, RestorationState.COPYING})
STARTED = frozenset({RestorationState.RESTORING, RestorationState.COPYING})


@attrs.frozen(kw_only=True)
class Restoration:
    """The restoration of one file; at most one per file.

    ``reserved_bytes`` is the room that it holds in the cache while it is started. ``asked_at`` is when the storage was
    asked in the present attempt. ``holder`` has it in hand until ``lease_until``; then anybody may go on with it.
    """

    tenant: str
    checksum: str
    storage: str
    size_bytes: int
    available_hours: int
    requested_at: datetime
    next_attempt_at: datetime
    state: RestorationState = RestorationState.REQUESTED
    reserved_bytes: int = 0
    started_at: datetime | None = None
    asked_at: datetime | None = None
    progressed_at: datetime | None = None
    restored_bytes: int = 0
    attempts: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    available_until: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it will still end."""
        return self.state in UNDER_WAY

    def is_held_by(self, holder: str) -> bool:
        """Whether this holder took it in hand and nobody else has since."""
        return self.state in STARTED and self.holder == holder

    def joined(self, hours: int) -> "Restoration":
        """Another group wants the file, too: for longer perhaps, never for less."""
        return attrs.evolve(self, available_hours=max(self.available_hours, hours))

    def started(self, *, reserved_bytes: int, now: datetime) -> "Restoration":
        """The next attempt begins, with room in the cache if it needs any."""
        return attrs.evolve(
            self,
            state=RestorationState.RESTORING,
            reserved_bytes=reserved_bytes,
            attempts=self.attempts + 1,
            started_at=now,
            asked_at=None,
            progressed_at=now,
            restored_bytes=0,
            next_attempt_at=now,
            holder=None,
            lease_until=None,
        )

    def asked(self, now: datetime) -> "Restoration":
        """The storage has been asked."""
        return attrs.evolve(self, asked_at=now)

    def laid_down(self, *, next_look_at: datetime) -> "Restoration":
        """Nobody has it in hand until it is looked at again."""
        return attrs.evolve(self, next_attempt_at=next_look_at, holder=None, lease_until=None)

    def readable(self, now: datetime) -> "Restoration":
        """The storage has the bytes at hand: they can be copied."""
        copying = attrs.evolve(self, state=RestorationState.COPYING, progressed_at=now)
        return copying.laid_down(next_look_at=now)

    def available(self, until: datetime | None, now: datetime) -> "Restoration":
        """Done; ``until`` is ``None`` when the file can be read without an end."""
        return self._over(RestorationState.AVAILABLE, now, available_until=until, reason=None)

    def cancelled(self, now: datetime) -> "Restoration":
        """No group wants the file any more."""
        return self._over(RestorationState.CANCELLED, now)

    def failed(self, reason: str, now: datetime, *, is_retryable: bool) -> "Restoration":
        """The attempt failed: another one follows after a pause, unless that cannot help or there were enough."""
        if not is_retryable or self.attempts >= MOST_ATTEMPTS:
            return self._over(RestorationState.FAILED, now, reason=reason)
        waiting = attrs.evolve(
            self, state=RestorationState.REQUESTED, reserved_bytes=0, restored_bytes=0, reason=reason, asked_at=None
        )
        return waiting.laid_down(next_look_at=now + pause_after(self.attempts))

    def _over(self, state: RestorationState, now: datetime, **changes: object) -> "Restoration":
        over = attrs.evolve(self, state=state, reserved_bytes=0, holder=None, lease_until=None, ended_at=now)
        return attrs.evolve(over, **changes)  # type: ignore[arg-type]  # attrs checks the names, not the values


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, up to an hour."""
    doubled: int = 2 ** min(max(0, attempts - 1), 10)
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * doubled)


def remaining_wish(requests: Iterable[RestorationRequest], now: datetime) -> datetime:
    """Until when the groups behind these requests count on the file; ``now`` when none does."""
    return max([now, *(wish for request in requests if (wish := request.wished_until) is not None)])


def hours_still_wished(requests: Iterable[RestorationRequest], now: datetime) -> int:
    """For how many hours from now, rounded up, the groups count on the file; 0 when none does."""
    return math.ceil((remaining_wish(requests, now) - now) / timedelta(hours=1))
