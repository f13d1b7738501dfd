"""Exchange a name and a password for a session token (contract-catalog section 6.1)."""

from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from application.ports.clock import Clock
from application.ports.tokens import TokenIssuer
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.ports.users import PasswordHasher
from domain.guessing import KNOWN_FOR, Attempt, Locked, Visitor, begin_attempt, succeed
from domain.user import LONGEST_PASSWORD, User


@attrs.frozen(kw_only=True)
class LogInRequest:
    """Who says they are whom, and from where."""

    tenant: str
    email: str
    password: str = attrs.field(repr=False)
    address: str


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
    - Guesses lock the address that they come from; the user gets in from elsewhere (``domain.guessing``).
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
            if user is not None:
                match await self._begun(work, user, request.address, now):
                    case Locked(until):
                        return LogInRefused(reason=LogInRefusal.LOCKED, retry_after=until - now)
                    case Attempt() as attempt:
                        await _save(work, attempt)
                        await work.commit()
        matches = await self.hasher.matches(
            self.hasher.nothing() if user is None else user.password_hash, request.password
        )
        if user is None or not matches:
            return LogInRefused(reason=LogInRefusal.UNKNOWN)
        if not user.is_active:
            return LogInRefused(reason=LogInRefusal.INACTIVE)
        renewed = await self.hasher.hash(request.password) if self.hasher.is_outdated(user.password_hash) else None
        if (present := await self._settle(user, request.address, renewed)) is None:
            return LogInRefused(reason=LogInRefusal.UNKNOWN)
        token = self.issuer.issue(present.caller, self.lifetime)
        return LoggedIn(user=present, token=token, lifetime=self.lifetime)

    async def _begun(self, work: UnitOfWork, user: User, address: str, now: datetime) -> Attempt | Locked:
        await work.users.forget_visitors(user.tenant, user.email, before=now - KNOWN_FOR)
        visitor = await work.users.visitor(user.tenant, user.email, address)
        new = Visitor(tenant=user.tenant, email=user.email, address=address, tried_at=now)
        return begin_attempt(user, visitor or new, now)

    async def _settle(self, user: User, address: str, renewed: str | None) -> User | None:
        """The user as they are now; ``None`` when their password, or they, went while it was checked."""
        async with self.unit_of_work() as work:
            present = await work.users.locked(user.tenant, user.email)
            if present is None or present.password_hash != user.password_hash or not present.is_active:
                return None
            now = self.clock.now()
            visitor = await work.users.visitor(user.tenant, user.email, address)
            if visitor is None:
                visitor = Visitor(tenant=user.tenant, email=user.email, address=address, tried_at=now)
            attempt = succeed(present, visitor, now)
            if renewed is not None:
                attempt = attrs.evolve(attempt, user=attrs.evolve(attempt.user, password_hash=renewed))
            await _save(work, attempt)
            await work.commit()
            return attempt.user


async def _save(work: UnitOfWork, attempt: Attempt) -> None:
    await work.users.save(attempt.user)
    await work.users.save_visitor(attempt.visitor)
