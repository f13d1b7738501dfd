"""Instances, and whole tenants: maintenance and removal."""

from datetime import timedelta

import attrs

from application.ports.instances import Instance, InstanceState
from application.ports.tenant_upkeep import Maintenance, Removal
from domain.account import AccountKey
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import ALICE, NOW, TENANT, a_file, a_location, a_request, a_storage, a_ticket

SECOND = timedelta(seconds=1)


def an_instance(instance_id: str = "i1", *, seconds: int = 0) -> Instance:
    return Instance(
        id=instance_id,
        host="node-1",
        version="1.0",
        started_at=NOW + seconds * SECOND,
        last_seen_at=NOW + seconds * SECOND,
        state=InstanceState.RUNNING,
    )


class InstancesContract(UnitOfWorkSuite):
    async def test_an_instance_is_what_it_last_said_of_itself(self, env: UnitOfWorkEnvironment) -> None:
        later = attrs.evolve(an_instance("b"), last_seen_at=NOW + SECOND, state=InstanceState.DRAINING)
        async with env.unit_of_work() as unit:
            await unit.instances.save(an_instance("b"))
            await unit.instances.save(an_instance("a", seconds=1))
            await unit.instances.save(later)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.instances.all() == (later, an_instance("a", seconds=1))

    async def test_an_instance_leaves_and_a_dead_one_is_purged(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            for number in range(4):
                await unit.instances.save(an_instance(f"i{number}", seconds=number))
            await unit.instances.remove("i3")
            await unit.instances.remove("never-was")
            assert await unit.instances.purge(NOW + 2 * SECOND) == 2
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert [found.id for found in await unit.instances.all()] == ["i2"]


class TenantUpkeepContract(UnitOfWorkSuite):
    async def test_maintenance_is_switched_for_one_tenant(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.tenant_upkeep.set_maintenance(TENANT, active=True, now=NOW)
            await unit.tenant_upkeep.set_maintenance(TENANT, active=False, now=NOW + SECOND)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tenant_upkeep.maintenance() == (
                Maintenance(tenant=TENANT, active=False, changed_at=NOW + SECOND),
            )

    async def test_a_removed_tenant_is_remembered_until_its_removal_ends(self, env: UnitOfWorkEnvironment) -> None:
        async with env.unit_of_work() as unit:
            assert await unit.tenant_upkeep.remove(TENANT, NOW)
            assert not await unit.tenant_upkeep.remove(TENANT, NOW + SECOND)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tenants.names() == (OTHER,)
            assert await unit.tenant_upkeep.removals() == (Removal(tenant=TENANT, removed_at=NOW + SECOND),)
            await unit.tenant_upkeep.end_removal(TENANT)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tenant_upkeep.removals() == ()

    async def test_everything_of_one_tenant_is_wiped_and_nothing_of_another(self, env: UnitOfWorkEnvironment) -> None:
        for tenant in (TENANT, OTHER):
            await env.save(
                storages=[a_storage(tenant=tenant)],
                files=[a_file("c1", tenant=tenant), a_file("c2", tenant=tenant)],
                locations=[a_location("c1", tenant=tenant), a_location("c2", tenant=tenant)],
            )
            async with env.unit_of_work() as unit:
                await unit.tickets.add(a_ticket(tenant=tenant))
                await unit.settings.put(tenant, "maxQuota", 5)
                await unit.inbox.add(tenant, "m1", NOW)
                await unit.commit()
            owner = AccountKey(tenant, ALICE.email)
            await env.ledger.admit(a_request(f"t-{tenant}", account=owner, download_id=f"d-{tenant}"), NOW)

        counts = []
        async with env.unit_of_work() as unit:
            while count := await unit.tenant_upkeep.wipe(TENANT, 1):
                counts.append(count)
            await unit.commit()

        accounts = [AccountKey(tenant, ALICE.email) for tenant in (TENANT, OTHER)]
        async with env.unit_of_work() as unit:
            assert await unit.storages.all(TENANT) == ()
            assert await unit.settings.values(TENANT) == {}
            assert not await unit.inbox.knows(TENANT, "m1")
            assert (await unit.files.page(TENANT, storage=None, after=None, limit=9)).files == ()
            assert await unit.tickets.get(TENANT, a_ticket().id) is None
            assert len((await unit.files.page(OTHER, storage=None, after=None, limit=9)).files) == 2
            assert await unit.tickets.get(OTHER, a_ticket().id) is not None
            assert await unit.settings.values(OTHER) == {"maxQuota": 5}
        assert set(counts) == {1}
        assert list(await env.ledger.accounts(accounts)) == [accounts[1]]
        assert await env.ledger.transfers(TENANT) == ()
        assert len(await env.ledger.transfers(OTHER)) == 1
