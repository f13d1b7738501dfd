"""Users who may log in, and issuers of other identities."""

from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest

from application.errors import Conflict
from domain.access import Role
from domain.external_identity import IdentityIssuer
from domain.guessing import Visitor
from domain.user import User
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT


def a_user(email: str = "alice@x.org", *, tenant: str = TENANT, role: Role = Role.REGISTERED_USER) -> User:
    return User(tenant=tenant, email=email, role=role, password_hash="2:secret", added_at=NOW)


def a_visitor(address: str = "a", **changes: Any) -> Visitor:
    visitor = Visitor(tenant=TENANT, email="alice@x.org", address=address, tried_at=NOW)
    return attrs.evolve(visitor, **changes)


def an_issuer(name: str = "lab", *, tenant: str = TENANT, audience: str = "archive") -> IdentityIssuer:
    return IdentityIssuer(
        tenant=tenant,
        name=name,
        issuer="https://sso.example.org",
        audience=audience,
        keys_url="https://sso.example.org/keys",
        role_claim="realm_access.roles",
        roles={"boss": Role.PROJECT_ADMIN, "é": Role.EXPLOIT},
        default_role=Role.PUBLIC,
    )


class UsersContract(UnitOfWorkSuite):
    async def test_every_field_of_a_user_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        user = attrs.evolve(a_user(role=Role.PROJECT_ADMIN), is_active=False, guessed_until=NOW + timedelta(hours=1))
        async with env.unit_of_work() as unit:
            await unit.users.save(a_user())
            await unit.users.save(user)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.users.get(TENANT, user.email) == user
            assert await unit.users.locked(TENANT, user.email) == user
            assert await unit.users.get(OTHER, user.email) is None
            assert await unit.users.locked(TENANT, "ALICE@x.org") is None

    async def test_users_are_listed_by_email_within_their_tenant(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            for email in ("c@x.org", "a@x.org", "b@x.org"):
                await unit.users.save(a_user(email))
            await unit.users.save(a_user("aa@x.org", tenant=OTHER))
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert [user.email for user in await unit.users.page(TENANT, after=None, limit=2)] == ["a@x.org", "b@x.org"]
            assert [user.email for user in await unit.users.page(TENANT, after="b@x.org", limit=2)] == ["c@x.org"]

    async def test_a_user_is_removed_once(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.users.save(a_user())
            assert not await unit.users.remove(OTHER, "alice@x.org")
            assert await unit.users.remove(TENANT, "alice@x.org")
            assert not await unit.users.remove(TENANT, "alice@x.org")
            await unit.commit()

    async def test_attempts_that_are_counted_at_the_same_time_all_count(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.users.save(a_user())
            await unit.commit()

        async def attempt() -> None:
            async with env.unit_of_work() as unit:
                user = await unit.users.locked(TENANT, "alice@x.org")
                assert user is not None
                known = await unit.users.visitor(TENANT, "alice@x.org", "a") or a_visitor(attempts=0)
                await unit.users.save_visitor(attrs.evolve(known, attempts=known.attempts + 1))
                await unit.commit()

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(attempt)

        async with env.unit_of_work() as unit:
            visitor = await unit.users.visitor(TENANT, "alice@x.org", "a")
        assert visitor is not None
        assert visitor.attempts == 5

    async def test_visitors_are_kept_by_address_until_they_are_forgotten(self, env: UnitOfWorkEnvironment) -> None:
        hour = timedelta(hours=1)
        full = a_visitor(attempts=7, locked_until=NOW + hour, known_until=NOW + 2 * hour)
        later = a_visitor("b", tried_at=NOW + hour)
        others = [a_visitor(email="bob@x.org"), a_visitor(tenant=OTHER)]
        async with env.unit_of_work() as unit:
            for visitor in (a_visitor(), full, later, *others):
                await unit.users.save_visitor(visitor)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.users.visitor(TENANT, full.email, "a") == full
            assert await unit.users.visitor(TENANT, full.email, "c") is None
            await unit.users.forget_visitors(TENANT, full.email, before=NOW + hour)
            assert await unit.users.visitor(TENANT, full.email, "a") is None
            assert await unit.users.visitor(TENANT, full.email, "b") == later
            await unit.users.save(a_user())
            await unit.users.remove(TENANT, full.email)
            assert await unit.users.visitor(TENANT, full.email, "b") is None
            assert [await unit.users.visitor(row.tenant, row.email, "a") for row in others] == others


class IssuersContract(UnitOfWorkSuite):
    async def test_every_field_of_an_issuer_is_kept(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.issuers.save(attrs.evolve(an_issuer(), groups_claim="g"))
            await unit.issuers.save(an_issuer())
            await unit.issuers.save(an_issuer(tenant=OTHER, audience="other"))
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.issuers.all(TENANT) == (an_issuer(),)
            assert await unit.issuers.all() == (an_issuer(), an_issuer(tenant=OTHER, audience="other"))
            assert await unit.issuers.remove(OTHER, "lab")
            assert not await unit.issuers.remove(OTHER, "lab")

    async def test_an_issuer_and_audience_lead_to_one_tenant(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.issuers.save(an_issuer())
            await unit.commit()

        async with env.unit_of_work() as unit:
            with pytest.raises(Conflict):
                await unit.issuers.save(an_issuer(tenant=OTHER))
