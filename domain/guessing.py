"""How guessed passwords are held back without locking out whom they are guessed of.

A lock of the whole account would be a weapon of strangers: whoever knows a name could keep its owner out (OWASP, "Slow
Down Online Guessing Attacks with Device Cookies"). So each address is locked by itself, and in all a user's name is
open to so many strangers a minute; addresses from which the user has logged in before are no strangers.
"""

from datetime import datetime, timedelta

import attrs

from domain.user import User

FREE_ATTEMPTS = 5
"""Wrong passwords in a row from one address that lock nobody out."""
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)

STRANGERS = 100
"""Attempts of strangers for one user, from all their addresses together, that need not wait."""
PACE = timedelta(minutes=1)
"""Beyond those, strangers have one attempt for each of these: 1440 a day, from however many addresses."""
KNOWN_FOR = timedelta(days=90)
"""An address is known for so long after the last login from there."""


@attrs.frozen(kw_only=True)
class Visitor:
    """An address from which somebody tries to log in as a user. ``attempts`` counts since the last login from there."""

    tenant: str
    email: str
    address: str
    tried_at: datetime
    attempts: int = 0
    locked_until: datetime | None = None
    known_until: datetime | None = None

    def is_known(self, now: datetime) -> bool:
        """Whether the user themselves has been here."""
        return self.known_until is not None and now < self.known_until


@attrs.frozen
class Attempt:
    """The password may be looked at; user and visitor are to be saved first."""

    user: User
    visitor: Visitor


@attrs.frozen
class Locked:
    """No password is looked at from there before."""

    until: datetime


def begin_attempt(user: User, visitor: Visitor, now: datetime) -> Attempt | Locked:
    """One more attempt, counted as failed until it has succeeded.

    So guesses that run at the same time count before any of them is known to be wrong. From the attempt after
    ``FREE_ATTEMPTS`` on, each locks its address for twice as long as the one before.
    """
    if visitor.locked_until is not None and now < visitor.locked_until:
        return Locked(visitor.locked_until)
    if not visitor.is_known(now):
        guessed_until = max(now, user.guessed_until or now) + PACE
        if guessed_until - now > STRANGERS * PACE:
            return Locked(guessed_until - STRANGERS * PACE)
        user = attrs.evolve(user, guessed_until=guessed_until)
    attempts = visitor.attempts + 1
    return Attempt(user, attrs.evolve(visitor, attempts=attempts, tried_at=now, locked_until=_lock(attempts, now)))


def succeed(user: User, visitor: Visitor, now: datetime) -> Attempt:
    """After the right password: nothing is held against whoever gave it, and their address is known."""
    if not visitor.is_known(now) and user.guessed_until is not None:
        left = user.guessed_until - PACE
        user = attrs.evolve(user, guessed_until=left if left > now else None)
    return Attempt(user, attrs.evolve(visitor, attempts=0, locked_until=None, known_until=now + KNOWN_FOR))


def _lock(attempts: int, now: datetime) -> datetime | None:
    excess = attempts - FREE_ATTEMPTS
    if excess <= 0:
        return None
    # Beyond this many doublings the longest lock is reached anyway.
    doubled: int = 2 ** min(excess - 1, 16)
    return now + min(LONGEST_LOCK, FIRST_LOCK * doubled)
