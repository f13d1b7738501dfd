"""Users of the embedded user table: who may log in, and what a password must be."""

from datetime import datetime

import attrs

from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, InvalidValue

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1024
"""Characters; long enough for every phrase, short enough that hashing it costs nothing."""


@attrs.frozen(kw_only=True)
class User:
    """One user of one tenant. ``guessed_until`` is how far strangers are with their attempts (``domain.guessing``)."""

    tenant: str
    email: str
    role: Role
    password_hash: str = attrs.field(repr=False)
    is_active: bool = True
    guessed_until: datetime | None = None
    added_at: datetime

    def __attrs_post_init__(self) -> None:
        AccountKey.of_user(self.tenant, self.email)
        if self.email == ANONYMOUS_EMAIL or self.role in {Role.PUBLIC, Role.SYSTEM}:
            raise InvalidValue("The anonymous user and services have no password; give REGISTERED_USER or more.")

    @property
    def caller(self) -> Caller:
        """The user as a caller."""
        return Caller(self.tenant, self.email, self.role)


def require_sensible_password(password: str) -> None:
    """Raise ``InvalidValue`` for a password that is too short to keep, or too long to hash."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidValue(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")


def require_may_grant(caller: Caller, role: Role) -> None:
    """Raise ``Forbidden`` when a caller would make somebody stronger than they are themselves."""
    if not caller.role.is_at_least(role):
        raise Forbidden(f"{caller.role.name} cannot make anybody {role.name}.")
