"""Users who may log in, and issuers of other identities."""

from datetime import timedelta

import anyio
import attrs
import pytest

from application.errors import Conflict
from domain.access import Role
from domain.external_identity import IdentityIssuer
from domain.user import User
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT


def a_user(email: str = "alice@x.org", *, tenant: str = TENANT, role: Role = Role.REGISTERED_USER) -> User:
    return User(tenant=tenant, email=email, role=role, password_hash="2:secret", added_at=NOW)


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
        user = attrs.evolve(
            a_user(role=Role.PROJECT_ADMIN), is_active=False, attempts=7, locked_until=NOW + timedelta(hours=1)
        )
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
                await unit.users.save(attrs.evolve(user, attempts=user.attempts + 1))
                await unit.commit()

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(attempt)

        async with env.unit_of_work() as unit:
            user = await unit.users.get(TENANT, "alice@x.org")
        assert user is not None
        assert user.attempts == 5


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
