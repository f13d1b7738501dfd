"""Users and issuers in memory, and passwords that cost nothing to hash."""

from datetime import datetime

from application.errors import Conflict
from application.ports.users import IssuerRepository, PasswordHasher, UserRepository
from domain.external_identity import IdentityIssuer
from domain.guessing import Visitor
from domain.user import User
from tests.fakes.in_memory_database import Tables


class InMemoryUserRepository(UserRepository):
    def __init__(self, unit) -> None:
        self._unit = unit

    async def get(self, tenant: str, email: str) -> User | None:
        return self._unit.tables.users.get((tenant, email))

    async def locked(self, tenant: str, email: str) -> User | None:
        # One event loop and no await between entering and commit: nobody is in between.
        return await self.get(tenant, email)

    async def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[User, ...]:
        found = sorted((user for (owner, _), user in self._unit.tables.users.items() if owner == tenant), key=_email)
        return tuple(user for user in found if after is None or user.email > after)[:limit]

    async def save(self, user: User) -> None:
        def change(tables: Tables) -> None:
            tables.users[user.tenant, user.email] = user

        self._unit.write(change)

    async def remove(self, tenant: str, email: str) -> bool:
        await self.forget_visitors(tenant, email)
        return self._unit.write(lambda tables: tables.users.pop((tenant, email), None)) is not None

    async def visitor(self, tenant: str, email: str, address: str) -> Visitor | None:
        return self._unit.tables.visitors.get((tenant, email, address))

    async def save_visitor(self, visitor: Visitor) -> None:
        def change(tables: Tables) -> None:
            tables.visitors[visitor.tenant, visitor.email, visitor.address] = visitor

        self._unit.write(change)

    async def forget_visitors(self, tenant: str, email: str, before: datetime | None = None) -> None:
        def change(tables: Tables) -> None:
            for key, visitor in list(tables.visitors.items()):
                if key[:2] == (tenant, email) and (before is None or visitor.tried_at < before):
                    del tables.visitors[key]

        self._unit.write(change)


class InMemoryIssuerRepository(IssuerRepository):
    def __init__(self, unit) -> None:
        self._unit = unit

    async def all(self, tenant: str | None = None) -> tuple[IdentityIssuer, ...]:
        found = self._unit.tables.issuers
        return tuple(found[key] for key in sorted(found) if tenant is None or key[0] == tenant)

    async def save(self, issuer: IdentityIssuer) -> None:
        def change(tables: Tables) -> None:
            key = (issuer.tenant, issuer.name)
            for other, known in tables.issuers.items():
                if other != key and (known.issuer, known.audience) == (issuer.issuer, issuer.audience):
                    raise Conflict("Another issuer has this pair of issuer and audience.")
            tables.issuers[key] = issuer

        self._unit.write(change)

    async def remove(self, tenant: str, name: str) -> bool:
        return self._unit.write(lambda tables: tables.issuers.pop((tenant, name), None)) is not None


class PlainPasswords(PasswordHasher):
    """Hashes by writing a version in front; counts what was checked. ``outdated`` is the old version."""

    def __init__(self) -> None:
        self.checked = 0

    async def hash(self, password: str) -> str:
        return "2:" + password

    async def matches(self, password_hash: str, password: str) -> bool:
        self.checked += 1
        return password_hash.partition(":")[2] == password and password_hash != self.nothing()

    def nothing(self) -> str:
        return "nothing:"

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("1:")


def _email(user: User) -> str:
    return user.email
