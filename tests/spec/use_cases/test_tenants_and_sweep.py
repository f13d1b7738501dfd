"""Serving tenants, and the periodic upkeep."""

from datetime import timedelta

import pytest

from application.use_cases.add_tenant import AddTenant
from application.use_cases.issue_ticket import IssueTicket, IssueTicketRequest
from application.use_cases.list_tenants import ListTenants
from application.use_cases.sweep import EVENTS_KEPT, MESSAGES_KEPT, TICKETS_KEPT, Sweep, SweepResult
from domain.errors import InvalidValue
from domain.statement import Statement
from tests.catalogue_factories import a_urn
from tests.factories import TENANT, a_request
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

NOTHING = SweepResult(
    settled_transfers=0,
    ended_reservations=0,
    purged_downloads=0,
    purged_tickets=0,
    purged_events=0,
    purged_messages=0,
    purged_statements=0,
)


async def sweep(world: World) -> SweepResult:
    return await Sweep(world.ledger, world.unit_of_work, world.clock).execute()


async def test_a_tenant_is_added_once():
    world = World()
    add = AddTenant(world.unit_of_work, world.clock)

    assert await add.execute("demo")
    assert not await add.execute("demo")
    assert await add.execute("archive_2")

    assert await ListTenants(world.unit_of_work).execute() == ("archive_2", "demo")


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 65, "a/b"])
async def test_what_can_be_no_tenant_is_refused(name):
    world = World()

    with pytest.raises(InvalidValue):
        await AddTenant(world.unit_of_work, world.clock).execute(name)


async def test_a_sweep_leaves_what_is_alive():
    world = World().with_one_file()
    await world.ledger.admit(a_request(), world.clock.now())

    assert await sweep(world) == NOTHING


async def test_a_sweep_settles_what_a_crashed_instance_left():
    world = World().with_one_file()
    await world.ledger.admit(a_request(), world.clock.now())
    world.clock.advance(timedelta(seconds=31))

    result = await sweep(world)

    assert result.settled_transfers == 1
    assert world.tables.transfers == {}


async def test_a_sweep_deletes_tickets_and_events_that_are_past_use():
    world = World().with_one_file()
    request = IssueTicketRequest(tenant=TENANT, issued_by="a@x.org", checksum="c1", lifetime_seconds=60)
    await IssueTicket(world.unit_of_work, world.clock, world.ids).execute(request)

    world.clock.advance(timedelta(seconds=60))
    assert await sweep(world) == NOTHING
    world.clock.advance(TICKETS_KEPT + timedelta(seconds=1))
    assert (await sweep(world)).purged_tickets == 1
    world.clock.advance(EVENTS_KEPT)
    assert (await sweep(world)).purged_events == 1


async def test_what_waits_for_a_broker_is_kept_until_it_was_published():
    world = World().with_one_file()
    request = IssueTicketRequest(tenant=TENANT, issued_by="a@x.org", checksum="c1", lifetime_seconds=60)
    await IssueTicket(world.unit_of_work, world.clock, world.ids).execute(request)
    sweep_with_a_broker = Sweep(world.ledger, world.unit_of_work, world.clock, has_listeners=True)

    world.clock.advance(2 * EVENTS_KEPT)
    before = await sweep_with_a_broker.execute()
    async with world.unit_of_work() as work:
        await work.outbox.mark_published([event.id for event in await work.outbox.unpublished(10)], world.clock.now())
        await work.commit()
    after = await sweep_with_a_broker.execute()

    assert (before.purged_events, after.purged_events) == (0, 1)


async def test_a_sweep_forgets_removed_products_and_never_when_one_that_is_there_was_spoken_of():
    world = World()
    async with world.unit_of_work() as work:
        await work.products.claim(TENANT, [a_urn(1)], Statement.asked(world.clock.now()))
        await work.products.claim(TENANT, [a_urn(2)], Statement.asked(world.clock.now()), is_removal=True)
        await work.commit()

    world.clock.advance(MESSAGES_KEPT)
    assert await sweep(world) == NOTHING
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world)).purged_statements == 1
    assert list(world.tables.product_statements) == [(TENANT, a_urn(1))]


async def test_a_sweep_forgets_messages_that_no_broker_has_any_more():
    world = World()
    async with world.unit_of_work() as work:
        await work.inbox.add(TENANT, "m1", world.clock.now())
        await work.commit()

    world.clock.advance(MESSAGES_KEPT)
    assert await sweep(world) == NOTHING
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world)).purged_messages == 1
