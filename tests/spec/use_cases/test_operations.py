"""Instances that come and go, and tenants that go."""

from datetime import timedelta

import pytest

from application.errors import Conflict, DatabaseUnavailable
from application.ports.instances import InstanceState
from application.use_cases.add_tenant import AddTenant
from application.use_cases.check_storages import CheckStorages
from application.use_cases.keep_instance import ForgetInstances, KeepInstance, ListInstances
from application.use_cases.remove_tenant import REMEMBERED, FinishRemovals, RemoveTenant
from domain.cool_down import after_failure
from tests.factories import TENANT, a_request, a_storage
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry, Misbehaviour
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


async def test_an_instance_tells_that_it_lives_drains_and_has_ended():
    world = World()
    keep = KeepInstance(world.unit_of_work, world.clock, "i1", "node", "1.0")
    listed = ListInstances(world.unit_of_work)

    await keep.execute()
    world.clock.advance(SECOND)
    keep.is_draining = True
    await keep.execute()
    (found,) = await listed.execute()
    await keep.leave()

    assert (found.state, found.last_seen_at - found.started_at) == (InstanceState.DRAINING, SECOND)
    assert await listed.execute() == ()


async def test_an_instance_that_is_silent_for_too_long_is_forgotten_and_may_come_back():
    world = World()
    keep = KeepInstance(world.unit_of_work, world.clock, "i1", "node", "1.0")
    forget = ForgetInstances(world.unit_of_work, world.clock, dead_after=60 * SECOND)
    await keep.execute()

    world.clock.advance(60 * SECOND)
    assert await forget.execute() == 0
    world.clock.advance(SECOND)
    assert await forget.execute() == 1
    await keep.execute()
    assert [row.id for row in await ListInstances(world.unit_of_work).execute()] == ["i1"]


async def test_what_a_late_request_leaves_of_a_removed_tenant_goes_too():
    world = World().with_one_file()
    await AddTenant(world.unit_of_work, world.clock).execute(TENANT)
    remove = RemoveTenant(world.unit_of_work, world.clock)
    finish = FinishRemovals(world.unit_of_work, remove, world.clock)
    add = AddTenant(world.unit_of_work, world.clock)

    assert await remove.execute(TENANT)
    await world.ledger.admit(a_request(), world.clock.now())
    with pytest.raises(Conflict):
        await add.execute(TENANT)
    late = await finish.execute()
    world.clock.advance(REMEMBERED + SECOND)
    rest = await finish.execute()

    assert (late, rest) == (3, 0)
    assert world.tables.removals == world.tables.accounts == world.tables.transfers == {}
    assert await add.execute(TENANT)


@pytest.mark.parametrize(("failures", "is_done"), [(3, True), (4, False)])
async def test_a_removal_tries_again_when_an_admission_stands_in_its_way(failures, is_done):
    world, down = World().with_one_file(), InMemoryDatabase()
    down.is_down = True
    left = [failures]

    def unit_of_work() -> InMemoryUnitOfWork:
        if left[0] and world.tables.removals:
            left[0] -= 1
            return InMemoryUnitOfWork(down)
        return world.unit_of_work()

    remove = RemoveTenant(unit_of_work, world.clock)
    if is_done:
        assert not await remove.execute(TENANT)
    else:
        with pytest.raises(DatabaseUnavailable):
            await remove.execute(TENANT)

    assert (world.tables.files == {}) is is_done
    assert world.tables.removals.keys() == {TENANT}


async def test_storages_that_do_not_answer_are_counted_and_not_named():
    world = World().holds(a_storage(), a_storage("off", active=False, priority=1))
    world.tables.tenants[TENANT] = world.clock.now()
    check = CheckStorages(world.unit_of_work, world.registry, world.clock)

    well = await check.problem()
    world.disk.misbehave(Misbehaviour(unavailable=True))
    ill = await check.problem()

    assert (well, ill) == (None, "1 of 1 storages cannot be read.")
    assert (check.name, check.is_vital) == ("storages", False)


async def test_what_one_storage_does_hides_no_other():
    world = World().holds(a_storage(), *(a_storage(name, priority=1) for name in ("foreign", "silent", "well")))
    world.tables.tenants[TENANT] = world.clock.now()
    world.disk.misbehave(Misbehaviour(unavailable=True))
    foreign, silent = InMemoryStorage(), InMemoryStorage()
    foreign.misbehave(Misbehaviour(fails_at=0))
    silent.misbehave(Misbehaviour(opening_stalls=True))
    registry = InMemoryStorageRegistry({"disk": world.disk, "foreign": foreign, "silent": silent})

    assert await CheckStorages(world.unit_of_work, registry, world.clock, look_seconds=0.05).problem() == (
        "1 of 4 storages cannot be read. 1 of 4 storages did not answer in time. 1 of 4 storages fail in their plugins."
    )


async def test_storages_that_are_left_alone_are_counted():
    world = World().holds(a_storage())
    world.tables.tenants[TENANT] = world.clock.now()
    failed = after_failure(None, tenant=TENANT, storage="disk", reason="It died.", now=world.clock.now())
    world.tables.cooling[TENANT, "disk"] = failed
    check = CheckStorages(world.unit_of_work, world.registry, world.clock)

    assert await check.problem() == "1 are left alone for a while after failures."
    world.clock.advance(timedelta(minutes=10))
    assert await check.problem() is None
