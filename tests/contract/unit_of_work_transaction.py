"""The transaction: everything or nothing."""

import pytest

from application.errors import Conflict
from tests.contract.unit_of_work_environment import UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT, a_file, a_location, a_storage, a_ticket


class Interrupted(Exception):
    """Something went wrong in the middle of a unit of work."""


async def _write_everywhere(unit) -> None:
    await unit.tenants.add("third", NOW)
    await unit.storages.save([a_storage()])
    await unit.files.save([a_file()], [a_location()])
    await unit.tickets.add(a_ticket())
    await unit.settings.put(TENANT, "maxQuota", 7)


async def _assert_nothing_written(env: UnitOfWorkEnvironment) -> None:
    async with env.unit_of_work() as unit:
        assert not await unit.tenants.exists("third")
        assert await unit.storages.all(TENANT) == ()
        assert await unit.files.get(TENANT, "c1") is None
        assert await unit.tickets.get(TENANT, "k1") is None
        assert await unit.settings.values(TENANT) == {}


class TransactionContract(UnitOfWorkSuite):
    async def test_what_is_committed_is_seen_by_the_next_unit(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await _write_everywhere(unit)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tenants.exists("third")
            assert await unit.storages.get(TENANT, "disk") == a_storage()
            assert await unit.tickets.get(TENANT, "k1") == a_ticket()
            assert await unit.settings.values(TENANT) == {"maxQuota": 7}
        assert await env.finder.find(TENANT, "c1") is not None

    async def test_leaving_without_commit_undoes_everything(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await _write_everywhere(unit)

        await _assert_nothing_written(env)

    async def test_an_error_undoes_everything_and_is_not_swallowed(self, env: UnitOfWorkEnvironment) -> None:
        async def interrupted() -> None:
            async with env.unit_of_work() as unit:
                await _write_everywhere(unit)
                raise Interrupted

        with pytest.raises(Interrupted):
            await interrupted()

        await _assert_nothing_written(env)

    async def test_a_unit_sees_its_own_writes(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await _write_everywhere(unit)

            assert await unit.files.get(TENANT, "c1") is not None
            assert await unit.tickets.get(TENANT, "k1") == a_ticket()
            assert await unit.settings.values(TENANT) == {"maxQuota": 7}

    async def test_others_do_not_see_what_is_not_committed(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.files.save([a_file()], [a_location()])

            assert await env.finder.find(TENANT, "c1") is None

    async def test_a_conflict_undoes_everything(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.tickets.add(a_ticket("k1"))
            await unit.commit()

        async def conflicting() -> None:
            async with env.unit_of_work() as unit:
                await unit.settings.put(TENANT, "maxQuota", 7)
                await unit.tickets.add(a_ticket("k1", token="another"))
                await unit.commit()

        with pytest.raises(Conflict):
            await conflicting()

        async with env.unit_of_work() as unit:
            assert await unit.settings.values(TENANT) == {}
            assert await unit.tickets.get(TENANT, "k1") == a_ticket("k1")
