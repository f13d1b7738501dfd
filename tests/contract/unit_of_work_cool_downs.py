"""Storages that failed lately."""

from datetime import timedelta

import attrs

from domain.cool_down import CoolDown, after_failure
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import NOW, TENANT, a_file, a_location, a_storage


def a_cool_down(storage: str = "disk", *, tenant: str = TENANT, seconds: int = 0) -> CoolDown:
    now = NOW + timedelta(seconds=seconds, microseconds=7)
    return after_failure(None, tenant=tenant, storage=storage, reason="It died (é).", now=now)


async def save(env: UnitOfWorkEnvironment, *cool_downs: CoolDown) -> None:
    async with env.unit_of_work() as unit:
        for row in cool_downs:
            await unit.cool_downs.save(row)
        await unit.commit()


class CoolDownsContract(UnitOfWorkSuite):
    async def test_a_cool_down_is_kept_and_replaced_by_the_next(self, env: UnitOfWorkEnvironment) -> None:
        later = attrs.evolve(a_cool_down(seconds=60), failures=2)
        await save(env, a_cool_down(), a_cool_down(tenant=OTHER), a_cool_down("attic"))
        await save(env, later)

        async with env.unit_of_work() as unit:
            assert await unit.cool_downs.get(TENANT, "disk") == later
            assert await unit.cool_downs.get(TENANT, "unknown") is None
            assert await unit.cool_downs.all(TENANT) == (a_cool_down("attic"), later)
            assert await unit.cool_downs.all(OTHER) == (a_cool_down(tenant=OTHER),)

    async def test_a_file_is_found_with_what_ails_its_storages(self, env: UnitOfWorkEnvironment) -> None:
        await env.save(
            [a_file()],
            [a_location(storage="disk"), a_location(storage="well")],
            [a_storage("disk"), a_storage("well", priority=1)],
        )
        await save(env, a_cool_down(), a_cool_down("well", tenant=OTHER))

        for found in (await env.found(), await env.finder.find(TENANT, "c1")):
            assert found is not None
            assert {copy.location.storage: copy.cooling_until for copy in found.copies} == {
                "disk": a_cool_down().cooling_until,
                "well": None,
            }

    async def test_a_success_ends_the_cool_down_that_it_knows(self, env: UnitOfWorkEnvironment) -> None:
        await save(env, a_cool_down(), a_cool_down("attic"), a_cool_down(tenant=OTHER))

        async with env.unit_of_work() as unit:
            await unit.cool_downs.end(TENANT, "disk", cooling_until=a_cool_down().cooling_until)
            await unit.cool_downs.end(TENANT, "unknown", cooling_until=NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.cool_downs.all(TENANT) == (a_cool_down("attic"),)
            assert await unit.cool_downs.all(OTHER) == (a_cool_down(tenant=OTHER),)

    async def test_a_success_from_before_ends_no_cool_down_that_began_since(self, env: UnitOfWorkEnvironment) -> None:
        await save(env, a_cool_down())
        await save(env, a_cool_down(seconds=60))

        async with env.unit_of_work() as unit:
            await unit.cool_downs.end(TENANT, "disk", cooling_until=a_cool_down().cooling_until)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.cool_downs.get(TENANT, "disk") == a_cool_down(seconds=60)
