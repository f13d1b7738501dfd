"""What to do next about a restoration that is with its storage, given what the storage says."""

from datetime import datetime, timedelta
from enum import Enum

from domain.availability import Availability, CopyAvailability
from domain.restoration import Restoration

_SETTLING = timedelta(minutes=2)
"""How long after being asked a storage may still say that it knows of nothing."""
_ROUNDING = timedelta(hours=1)
"""An end so much before the wished one is near enough: storages count in whole hours or days."""


class Step(Enum):
    """What to do next. PUBLISH: it is readable where it is. STUCK and FORGOTTEN end the attempt."""

    ASK = "ask"
    WAIT = "wait"
    COPY = "copy"
    PUBLISH = "publish"
    STUCK = "The storage made no progress for too long."
    FORGOTTEN = "The storage does not know any more that it was asked."


def next_step(
    restoration: Restoration,
    answer: CopyAvailability,
    *,
    keeps_readable: bool,
    deadline: timedelta,
    now: datetime,
) -> Step:
    """Ask only a storage that does nothing yet; so after a crash nothing is asked twice.

    A copy that is readable for ever is served from where it is, whatever the kind of storage.
    """
    if answer.is_readable(now):
        if answer.until is None:
            return Step.PUBLISH
        if not keeps_readable:
            return Step.COPY
        wished = now + timedelta(hours=restoration.available_hours)
        return Step.ASK if restoration.asked_at is None and answer.until + _ROUNDING < wished else Step.PUBLISH
    if answer.state in {Availability.RESTORING, Availability.ERROR}:
        begun = restoration.started_at or restoration.requested_at
        return Step.STUCK if now - begun >= deadline else Step.WAIT
    if restoration.asked_at is None:
        return Step.ASK
    return Step.WAIT if now - restoration.asked_at < _SETTLING else Step.FORGOTTEN
