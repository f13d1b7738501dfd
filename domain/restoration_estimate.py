"""How long a restoration will take, judged by those before it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from domain.restoration import Restoration, RestorationState

MOST_REMEMBERED = 21
"""Restorations of a storage that an estimate looks back on."""
WITHOUT_HISTORY = timedelta(hours=4)
"""What a restoration is said to take on a storage that has not restored anything yet: that of common cloud archives."""
LEAST = timedelta(seconds=5)
"""The shortest estimate: whoever waits asks no more often than that."""
_PATIENCE = 3


@attrs.frozen(kw_only=True)
class Queue:
    """What a storage has to do for a tenant: restorations that are started, and those that wait before a given one."""

    running: int
    ahead: int


def usual(durations: Sequence[timedelta]) -> timedelta:
    """How long a restoration of a storage takes usually: the median of its last ones."""
    return sorted(durations)[len(durations) // 2] if durations else WITHOUT_HISTORY


def remaining(restoration: Restoration, durations: Sequence[timedelta], queue: Queue, now: datetime) -> timedelta:
    """How long it will still take, roughly.

    What is started has the usual time less what has passed. What waits comes after those ahead of it, of which as many
    go on at once as do now.
    """
    time = usual(durations)
    if restoration.state is not RestorationState.REQUESTED and restoration.started_at is not None:
        return max(LEAST, time - (now - restoration.started_at))
    rounds = 1 + queue.ahead // max(1, queue.running)
    pause = max(timedelta(0), restoration.next_attempt_at - now)
    return max(LEAST, pause + time * rounds)


def deadline(durations: Sequence[timedelta], least: timedelta) -> timedelta:
    """How long a storage may take before the attempt counts as stuck: never below what it has needed itself.

    A fixed time that is too short for a slow library would cancel and ask again for ever.
    """
    return max([least, *(duration * _PATIENCE for duration in durations)])
