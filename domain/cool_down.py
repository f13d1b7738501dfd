"""How long a storage that failed is left alone: briefly at first, longer each time that it fails again."""

from datetime import datetime, timedelta

import attrs

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=5)
FORGOTTEN = timedelta(hours=1)
"""A storage that has not failed for so long after its last cool-down starts anew."""


@attrs.frozen(kw_only=True)
class CoolDown:
    """A storage that failed: other copies are tried before its own until ``cooling_until``.

    ``failures`` are those in a row, with no success between; what went wrong the last time is the ``reason``.
    """

    tenant: str
    storage: str
    cooling_until: datetime
    failures: int
    reason: str
    failed_at: datetime

    def is_cooling(self, now: datetime) -> bool:
        """Whether the storage is left alone now."""
        return now < self.cooling_until


def lasts(failures: int) -> timedelta:
    """How long a storage is left alone after so many failures in a row: doubled each time, up to ``LONGEST``."""
    doublings = min(max(failures, 1) - 1, 30)
    return min(FIRST * (1 << doublings), LONGEST)


def after_failure(earlier: CoolDown | None, *, tenant: str, storage: str, reason: str, now: datetime) -> CoolDown:
    """The cool-down of a storage that has just failed.

    - A failure during a cool-down belongs to the failure that began it, and prolongs nothing: transfers that had begun
      before end one after the other.
    - One after it counts as the next in a row, unless the storage was well for ``FORGOTTEN``.
    """
    if earlier is not None and earlier.is_cooling(now):
        return earlier
    is_next = earlier is not None and now - earlier.cooling_until < FORGOTTEN
    failures = earlier.failures + 1 if earlier is not None and is_next else 1
    return CoolDown(
        tenant=tenant,
        storage=storage,
        cooling_until=now + lasts(failures),
        failures=failures,
        reason=reason,
        failed_at=now,
    )
