"""Time that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from application.ports.clock import Clock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FixedClock(Clock):
    """A wall clock and a monotonic one that move together, except when the wall clock is stepped."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, passed: timedelta) -> None:
        """Let time pass, for both clocks."""
        if passed < timedelta(0):
            raise ValueError("Time passes forwards; use step() for a wall clock that somebody sets back.")
        self._now += passed
        self._monotonic += passed.total_seconds()

    def step(self, by: timedelta) -> None:
        """Set the wall clock only, forwards or back, as an operator or NTP does."""
        self._now += by
