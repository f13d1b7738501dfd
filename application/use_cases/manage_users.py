"""The embedded users: who there is, and what they may do."""

import attrs

from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.ports.users import PasswordHasher
from application.use_cases.log_in import LogIn, LogInRefused, LogInRequest
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, InvalidValue, NotFound
from domain.user import User, require_may_grant, require_sensible_password

INSIDE = "inside"
"""Where those are who hold a token already: guesses with a stolen one lock nothing but this."""


@attrs.frozen(kw_only=True)
class SaveUserRequest:
    """A user as they shall be; what is ``None`` stays as it is for a known user."""

    email: str
    password: str | None = attrs.field(default=None, repr=False)
    role: Role | None = None
    is_active: bool | None = None


@attrs.frozen(kw_only=True)
class SaveUser:
    """Add or change a user of the caller's tenant.

    - Nobody makes anybody stronger than they are themselves, or changes who is.
    - A new password ends every lock.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    clock: Clock

    async def execute(self, caller: Caller, request: SaveUserRequest) -> tuple[User, bool]:
        """The user, and whether they are new. Raises ``InvalidValue``, ``Forbidden``, ``DatabaseUnavailable``."""
        if request.password is not None:
            require_sensible_password(request.password)
        hashed = None if request.password is None else await self.hasher.hash(request.password)
        async with self.unit_of_work() as work:
            known = await work.users.locked(caller.tenant, request.email)
            if known is not None:
                require_may_grant(caller, known.role)
            user = self._changed(caller.tenant, request, known, hashed)
            require_may_grant(caller, user.role)
            await work.users.save(user)
            if hashed is not None:
                await work.users.forget_visitors(user.tenant, user.email)
            await work.commit()
        return user, known is None

    def _changed(self, tenant: str, request: SaveUserRequest, known: User | None, hashed: str | None) -> User:
        if known is None:
            if hashed is None:
                raise InvalidValue("A new user needs a password.")
            known = User(
                tenant=tenant,
                email=request.email,
                role=Role.REGISTERED_USER,
                password_hash=hashed,
                added_at=self.clock.now(),
            )
        if hashed is not None:
            known = attrs.evolve(known, password_hash=hashed, guessed_until=None)
        if request.role is not None:
            known = attrs.evolve(known, role=request.role)
        if request.is_active is not None:
            known = attrs.evolve(known, is_active=request.is_active)
        return known


@attrs.frozen(kw_only=True)
class ChangePassword:
    """A user's own new password; the old one must be shown, since a token may have been left lying about.

    Showing it is an attempt like a login's, so a stolen token is no way to guess it.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    log_in: LogIn

    async def execute(self, caller: Caller, old: str, new: str) -> None:
        """Raises ``InvalidValue``, ``Forbidden``, ``DatabaseUnavailable``."""
        require_sensible_password(new)
        shown = await self.log_in.execute(
            LogInRequest(tenant=caller.tenant, email=caller.email, password=old, address=INSIDE)
        )
        if isinstance(shown, LogInRefused):
            raise Forbidden(f"The old password was not accepted ({shown.reason.value}).")
        hashed = await self.hasher.hash(new)
        async with self.unit_of_work() as work:
            present = await work.users.locked(caller.tenant, caller.email)
            if present is None or present.password_hash != shown.user.password_hash:
                raise Forbidden("The password was changed by somebody else meanwhile.")
            await work.users.save(attrs.evolve(present, password_hash=hashed))
            await work.commit()


@attrs.frozen
class ListUsers:
    """The users of a tenant, page by page."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, tenant: str, *, after: str | None = None, limit: int = 100) -> tuple[User, ...]:
        """By e-mail. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.users.page(tenant, after=after, limit=limit)


@attrs.frozen
class RemoveUser:
    """Remove a user with all that is kept of them: nothing is left to whoever gets this address next.

    - The user need not be one who logs in here: identities may come from elsewhere.
    - With them go their download account with its history and tickets, their groups, and what they have accepted;
      restorations that they asked for go on as nobody's.
    - Tokens that they hold are valid until they expire; events that name them are deleted with the others.
    """

    unit_of_work: UnitOfWorkFactory
    ledger: Ledger

    async def execute(self, caller: Caller, email: str) -> None:
        """Raises ``NotFound`` when nothing is kept, ``Forbidden``, ``InvalidValue``, ``DatabaseUnavailable``."""
        account = AccountKey.of_user(caller.tenant, email)
        async with self.unit_of_work() as work:
            _require_may_remove(caller, await work.users.get(caller.tenant, email))
        # The account first: after a crash the rest is still there to be removed again.
        found = await self.ledger.forget(account)
        async with self.unit_of_work() as work:
            user = await work.users.locked(caller.tenant, email)
            _require_may_remove(caller, user)
            found = await _forget(work, caller.tenant, email) or found
            if not found:
                raise NotFound(f"There is no user {email!r}.")
            await work.commit()


def _require_may_remove(caller: Caller, user: User | None) -> None:
    if user is not None:
        require_may_grant(caller, user.role)


async def _forget(work: UnitOfWork, tenant: str, email: str) -> bool:
    """Delete what is kept of a user beside their account; ``False`` when there is nothing."""
    is_removed = await work.users.remove(tenant, email)
    groups = await work.access.groups_of(tenant, email)
    if groups:
        await work.access.set_groups_of(tenant, email, ())
    accepted = await work.licences.forget(tenant, email)
    await work.restorations.lock(tenant)
    asked_for = await work.restorations.disown(tenant, email)
    return is_removed or bool(groups) or accepted > 0 or asked_for > 0
