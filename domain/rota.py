"""Which of several equal instances is asked first, and which next when that one fails."""

from collections.abc import Mapping, Sequence

REST_SECONDS = 10.0
"""How long an instance that did not answer is asked last."""

LEAST_ATTEMPTS = 2
"""One instance alone is asked again, too: a kept connection may be one that it has just closed."""

_ASK_NEXT = frozenset({502, 503, 504})
"""Statuses of an instance, or of a balancer in front of it, that another instance may do better than."""


def in_turn(instances: Sequence[str], turn: int, failed_at: Mapping[str, float], now: float) -> tuple[str, ...]:
    """All instances in the order in which they are asked; the first one moves on with every turn.

    Those that failed less than ``REST_SECONDS`` ago come last: nothing is lost when all have. ``failed_at`` and ``now``
    are monotonic seconds.
    """
    if not instances:
        return ()
    start = turn % len(instances)
    turned = (*instances[start:], *instances[:start])
    order = sorted(turned, key=lambda instance: _rests(failed_at.get(instance), now))
    return tuple(order[number % len(order)] for number in range(max(LEAST_ATTEMPTS, len(order))))


def is_worth_asking_another(status: int) -> bool:
    """Whether this answer is about the instance, and not about the file or the caller."""
    return status in _ASK_NEXT


def _rests(failed_at: float | None, now: float) -> bool:
    return failed_at is not None and now - failed_at < REST_SECONDS
