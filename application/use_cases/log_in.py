"""Exchange a name and a password for a session token (contract-catalog section 6.1)."""

from datetime import timedelta
from enum import StrEnum

import attrs

from application.ports.clock import Clock
from application.ports.tokens import TokenIssuer
from application.ports.unit_of_work import UnitOfWorkFactory
from application.ports.users import PasswordHasher
from domain.user import LONGEST_PASSWORD, User, begin_attempt, succeed


@attrs.frozen(kw_only=True)
class LogInRequest:
    """Who says they are whom."""

    tenant: str
    email: str
    password: str = attrs.field(repr=False)


class LogInRefusal(StrEnum):
    """Why not, in upstream's words; an unknown user and a wrong password are deliberately one."""

    UNKNOWN = "ACCOUNT_UNKNOWN"
    LOCKED = "ACCOUNT_LOCKED"
    INACTIVE = "ACCOUNT_INACTIVE"


@attrs.frozen(kw_only=True)
class LoggedIn:
    """A session."""

    user: User
    token: str = attrs.field(repr=False)
    lifetime: timedelta


@attrs.frozen(kw_only=True)
class LogInRefused:
    """No session; ``retry_after`` when waiting helps."""

    reason: LogInRefusal
    retry_after: timedelta | None = None


@attrs.frozen(kw_only=True)
class LogIn:
    """Check a password.

    - An attempt counts as failed from its beginning, so guesses at the same time are no way around the lock.
    - Whether the user exists shows in no answer to the first guesses. A lock, of which upstream's clients are told,
      shows that there is somebody to lock.
    - The database waits for no hash: it is computed between two short transactions.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    issuer: TokenIssuer
    clock: Clock
    lifetime: timedelta

    async def execute(self, request: LogInRequest) -> LoggedIn | LogInRefused:
        """A session or the reason why not. Raises ``DatabaseUnavailable``."""
        if len(request.password) > LONGEST_PASSWORD:
            return LogInRefused(reason=LogInRefusal.UNKNOWN)
        now = self.clock.now()
        async with self.unit_of_work() as work:
            user = await work.users.locked(request.tenant, request.email)
            if user is not None and user.locked_until is not None and user.is_locked(now):
                return LogInRefused(reason=LogInRefusal.LOCKED, retry_after=user.locked_until - now)
            if user is not None:
                await work.users.save(begin_attempt(user, now))
                await work.commit()
        matches = await self.hasher.matches(
            self.hasher.nothing() if user is None else user.password_hash, request.password
        )
        if user is None or not matches:
            return LogInRefused(reason=LogInRefusal.UNKNOWN)
        if not user.is_active:
            return LogInRefused(reason=LogInRefusal.INACTIVE)
        renewed = await self.hasher.hash(request.password) if self.hasher.is_outdated(user.password_hash) else None
        if (present := await self._settle(user, renewed)) is None:
            return LogInRefused(reason=LogInRefusal.UNKNOWN)
        token = self.issuer.issue(present.caller, self.lifetime)
        return LoggedIn(user=present, token=token, lifetime=self.lifetime)

    async def _settle(self, user: User, renewed: str | None) -> User | None:
        """The user as they are now; ``None`` when their password, or they, went while it was checked."""
        async with self.unit_of_work() as work:
            present = await work.users.locked(user.tenant, user.email)
            if present is None or present.password_hash != user.password_hash or not present.is_active:
                return None
            present = succeed(present)
            if renewed is not None:
                present = attrs.evolve(present, password_hash=renewed)
            await work.users.save(present)
            await work.commit()
            return present
