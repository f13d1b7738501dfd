"""How long to wait before asking again. ``jitter`` is a random number from 0 to 1, so that clients differ."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0


def shortest(jitter: float) -> float:
    """After a try that brought something."""
    return FIRST_PAUSE_SECONDS * (0.5 + jitter / 2)


def back_off(count: int, jitter: float) -> float:
    """Twice as long each time, up to a limit, by a random half."""
    longest: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(count, 10))
    return longest * (0.5 + jitter / 2)


def asked_for(retry_after: float, count: int, jitter: float) -> float:
    """Never earlier than the server says, and longer when it has said so ``count`` times."""
    return max(retry_after * (1 + jitter / 10), back_off(count, jitter))
