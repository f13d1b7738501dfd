"""Room in the internal cache: what may start, what waits, what can never fit (DESIGN section 7)."""

from datetime import datetime
from enum import Enum

import attrs

from domain.cached_copy import CachedCopy


class Fit(Enum):
    """What the room says of one more file."""

    FITS = "fits"
    WAITS = "waits"
    NEVER = "never"


@attrs.frozen(kw_only=True)
class Room:
    """The cache of a tenant: what it may hold, what lies in it, and what running restorations have reserved.

    Expired copies count until they have left the disk.
    """

    limit_bytes: int
    cached_bytes: int
    reserved_bytes: int

    @property
    def used_bytes(self) -> int:
        """What is taken."""
        return self.cached_bytes + self.reserved_bytes

    @property
    def free_bytes(self) -> int:
        """What is left; none when the limit was lowered below what is taken."""
        return max(0, self.limit_bytes - self.used_bytes)

    def fit(self, size_bytes: int) -> Fit:
        """Whether a file of this size may be restored now. What fits never overfills the cache."""
        if size_bytes > self.limit_bytes:
            return Fit.NEVER
        return Fit.FITS if size_bytes <= self.free_bytes else Fit.WAITS

    def with_reserved(self, size_bytes: int) -> "Room":
        """After one more restoration has started."""
        return attrs.evolve(self, reserved_bytes=self.reserved_bytes + size_bytes)


def leaving(copies: tuple[CachedCopy, ...], now: datetime) -> tuple[CachedCopy, ...]:
    """The copies that have to go: the expired ones and no others, the oldest expiry first."""
    expired = [copy for copy in copies if copy.expires_at <= now]
    return tuple(sorted(expired, key=lambda copy: (copy.expires_at, copy.checksum)))


def extended(copy: CachedCopy, until: datetime) -> CachedCopy:
    """The copy, kept at least until then: never shorter than before."""
    return attrs.evolve(copy, expires_at=max(copy.expires_at, until))


def given_back(copy: CachedCopy, until: datetime) -> CachedCopy:
    """The copy after a group gave it back, kept until what the other groups wish: never longer than before."""
    return attrs.evolve(copy, expires_at=min(copy.expires_at, until))
