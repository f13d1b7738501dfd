"""Users of the embedded user table: who may log in, and when too many wrong passwords lock them out."""

from datetime import datetime, timedelta

import attrs

from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, InvalidValue

FREE_ATTEMPTS = 5
"""Wrong passwords in a row that lock nobody out."""
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1024
"""Characters; long enough for every phrase, short enough that hashing it costs nothing."""


@attrs.frozen(kw_only=True)
class User:
    """One user of one tenant. ``attempts`` counts logins since the last successful one; each may be a guess."""

    tenant: str
    email: str
    role: Role
    password_hash: str = attrs.field(repr=False)
    is_active: bool = True
    attempts: int = 0
    locked_until: datetime | None = None
    added_at: datetime

    def __attrs_post_init__(self) -> None:
        AccountKey.of_user(self.tenant, self.email)
        if self.email == ANONYMOUS_EMAIL or self.role in {Role.PUBLIC, Role.SYSTEM}:
            raise InvalidValue("The anonymous user and services have no password; give REGISTERED_USER or more.")

    @property
    def caller(self) -> Caller:
        """The user as a caller."""
        return Caller(self.tenant, self.email, self.role)

    def is_locked(self, now: datetime) -> bool:
        """Whether logins are refused for now, whatever the password."""
        return self.locked_until is not None and now < self.locked_until


def begin_attempt(user: User, now: datetime) -> User:
    """The user with one more attempt, counted as failed until it has succeeded.

    So guesses that run at the same time count before any of them is known to be wrong. From the attempt after
    ``FREE_ATTEMPTS`` on, each locks the user for twice as long as the one before.
    """
    attempts = user.attempts + 1
    excess = attempts - FREE_ATTEMPTS
    if excess <= 0:
        return attrs.evolve(user, attempts=attempts)
    # Beyond this many doublings the longest lock is reached anyway.
    lock = min(LONGEST_LOCK, FIRST_LOCK * 2 ** min(excess - 1, 16))
    return attrs.evolve(user, attempts=attempts, locked_until=now + lock)


def succeed(user: User) -> User:
    """The user after the right password: nothing is held against them."""
    return attrs.evolve(user, attempts=0, locked_until=None)


def require_sensible_password(password: str) -> None:
    """Raise ``InvalidValue`` for a password that is too short to keep, or too long to hash."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidValue(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")


def require_may_grant(caller: Caller, role: Role) -> None:
    """Raise ``Forbidden`` when a caller would make somebody stronger than they are themselves."""
    if not caller.role.is_at_least(role):
        raise Forbidden(f"{caller.role.name} cannot make anybody {role.name}.")
