"""The embedded users, and the issuers of other identities."""

from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, and_, delete, select, update

from adapters.persistence.tables import identity_issuer, login_attempt, user_account
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.users import IssuerRepository, UserRepository
from domain.access import Role
from domain.external_identity import IdentityIssuer
from domain.guessing import Visitor
from domain.user import User


class SqlUserRepository(UserRepository):
    """Users by tenant and e-mail."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant: str, email: str) -> User | None:
        """One user."""
        result = await self._transaction.read(select(user_account).where(_is(tenant, email)))
        row = result.mappings().one_or_none()
        return None if row is None else _user(dict(row))

    async def locked(self, tenant: str, email: str) -> User | None:
        """One user, whose row is locked by a change that changes nothing: both databases understand that."""
        result = await self._transaction.write(
            update(user_account)
            .where(_is(tenant, email))
            .values(is_active=user_account.c.is_active)
            .returning(user_account)
        )
        row = result.mappings().one_or_none()
        return None if row is None else _user(dict(row))

    async def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[User, ...]:
        """Users by e-mail."""
        query = select(user_account).where(user_account.c.tenant == tenant)
        if after is not None:
            query = query.where(user_account.c.email > after)
        result = await self._transaction.read(query.order_by(user_account.c.email).limit(limit))
        return tuple(_user(dict(row)) for row in result.mappings())

    async def save(self, user: User) -> None:
        """Insert or replace."""
        await self._transaction.write(
            upsert(self._transaction.dialect, user_account), attrs.asdict(user) | {"role": user.role.name}
        )

    async def remove(self, tenant: str, email: str) -> bool:
        """Delete, with all visitors."""
        await self.forget_visitors(tenant, email)
        result = await self._transaction.write(delete(user_account).where(_is(tenant, email)))
        return result.rowcount > 0

    async def visitor(self, tenant: str, email: str, address: str) -> Visitor | None:
        """What is known of an address."""
        of_user = _visits(tenant, email)
        result = await self._transaction.read(select(login_attempt).where(of_user, login_attempt.c.address == address))
        row = result.mappings().one_or_none()
        return None if row is None else Visitor(**row)

    async def save_visitor(self, visitor: Visitor) -> None:
        """Insert or replace."""
        await self._transaction.write(upsert(self._transaction.dialect, login_attempt), attrs.asdict(visitor))

    async def forget_visitors(self, tenant: str, email: str, before: datetime | None = None) -> None:
        """Delete what was tried before, or everything."""
        gone = delete(login_attempt).where(_visits(tenant, email))
        await self._transaction.write(gone if before is None else gone.where(login_attempt.c.tried_at < before))


class SqlIssuerRepository(IssuerRepository):
    """Issuers by tenant and name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def all(self, tenant: str | None = None) -> tuple[IdentityIssuer, ...]:
        """By tenant and name."""
        query = select(identity_issuer).order_by(identity_issuer.c.tenant, identity_issuer.c.name)
        if tenant is not None:
            query = query.where(identity_issuer.c.tenant == tenant)
        result = await self._transaction.read(query)
        return tuple(_issuer(dict(row)) for row in result.mappings())

    async def save(self, issuer: IdentityIssuer) -> None:
        """Insert or replace."""
        roles = {value: role.name for value, role in issuer.roles.items()}
        await self._transaction.write(
            upsert(self._transaction.dialect, identity_issuer),
            attrs.asdict(issuer, recurse=False) | {"roles": roles, "default_role": issuer.default_role.name},
        )

    async def remove(self, tenant: str, name: str) -> bool:
        """Delete."""
        result = await self._transaction.write(
            delete(identity_issuer).where(identity_issuer.c.tenant == tenant, identity_issuer.c.name == name)
        )
        return result.rowcount > 0


def _is(tenant: str, email: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (user_account.c.tenant == tenant) & (user_account.c.email == email)
    return condition


def _visits(tenant: str, email: str) -> ColumnElement[bool]:
    return and_(login_attempt.c.tenant == tenant, login_attempt.c.email == email)


def _user(row: dict[str, Any]) -> User:
    return User(**{**row, "role": Role[row["role"]]})


def _issuer(row: dict[str, Any]) -> IdentityIssuer:
    roles = {value: Role[name] for value, name in row["roles"].items()}
    return IdentityIssuer(**{**row, "roles": roles, "default_role": Role[row["default_role"]]})
