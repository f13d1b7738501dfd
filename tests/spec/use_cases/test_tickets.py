"""Issuing, reading and revoking tickets."""

from datetime import timedelta
from hashlib import sha256

import pytest

from application.use_cases.issue_ticket import IssuedTicket, IssueTicket, IssueTicketRequest
from application.use_cases.list_tickets import ListTickets, ListTicketsRequest, TicketPage
from application.use_cases.revoke_ticket import RevokeTicket, RevokeTicketRequest
from domain.errors import InvalidValue, NotFound
from tests.factories import TENANT
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio


async def issue(world: World, checksum: str = "c1", **wishes: object) -> IssuedTicket:
    request = IssueTicketRequest(tenant=TENANT, issued_by="issuer@x.org", checksum=checksum, **wishes)
    return await IssueTicket(world.unit_of_work, world.clock, world.ids).execute(request)


async def listed(world: World, **filters: object) -> TicketPage:
    request = ListTicketsRequest(**{"tenant": TENANT, **filters})
    return await ListTickets(world.unit_of_work, world.clock).execute(request)


async def revoke(world: World, ticket_id: str, tenant: str = TENANT) -> None:
    request = RevokeTicketRequest(tenant=tenant, ticket_id=ticket_id)
    await RevokeTicket(world.unit_of_work, world.clock).execute(request)


async def test_only_the_digest_of_the_token_is_kept():
    world = World().with_one_file()

    issued = await issue(world)

    (kept,) = world.tables.tickets.values()
    assert kept.token_sha256 == sha256(issued.token.encode()).hexdigest()
    assert issued.token not in repr(world.tables)


async def test_a_ticket_lives_as_long_as_the_tenant_says():
    world = World().with_one_file()
    world.tables.settings[TENANT, "ticketLifetime"] = 60

    issued = await issue(world)

    assert issued.ticket.expires_at - issued.ticket.issued_at == timedelta(seconds=60)


async def test_a_ticket_lives_as_long_as_its_issuer_says():
    issued = await issue(World().with_one_file(), lifetime_seconds=5, max_uses=2, email="payer@x.org")

    assert issued.ticket.expires_at - issued.ticket.issued_at == timedelta(seconds=5)
    assert (issued.ticket.max_uses, issued.ticket.email, issued.ticket.state) == (2, "payer@x.org", "ISSUED")


@pytest.mark.parametrize(
    "wishes",
    [
        {"lifetime_seconds": 0},
        {"lifetime_seconds": -1},
        {"lifetime_seconds": 10**30},
        {"max_uses": 0},
        {"email": ""},
        {"email": "ticket:1"},
    ],
)
async def test_a_ticket_that_could_open_nothing_is_refused(wishes):
    world = World().with_one_file()

    with pytest.raises(InvalidValue):
        await issue(world, **wishes)

    assert world.tables.tickets == {}
    assert world.events == []


async def test_there_is_no_ticket_for_an_unknown_file():
    with pytest.raises(NotFound):
        await issue(World().with_one_file(), checksum="c2")


async def test_issuing_and_revoking_are_told():
    world = World().with_one_file()
    issued = await issue(world)

    await revoke(world, issued.ticket.id)

    assert world.events == ["TicketIssued", "TicketRevoked"]


async def test_revoking_twice_changes_nothing():
    world = World().with_one_file()
    issued = await issue(world)
    await revoke(world, issued.ticket.id)
    revoked_at = world.clock.now()
    world.clock.advance(timedelta(minutes=1))

    await revoke(world, issued.ticket.id)

    (ticket,) = (await listed(world, ticket_id=issued.ticket.id)).tickets
    assert (ticket.state, ticket.revoked_at) == ("REVOKED", revoked_at)
    assert world.events == ["TicketIssued", "TicketRevoked"]


async def test_a_ticket_of_another_tenant_does_not_exist():
    world = World().with_one_file()
    issued = await issue(world)

    with pytest.raises(NotFound):
        await revoke(world, issued.ticket.id, tenant="other")
    with pytest.raises(NotFound):
        await listed(world, tenant="other", ticket_id=issued.ticket.id)
    assert (await listed(world, tenant="other")).tickets == ()


async def test_a_listing_is_read_page_by_page():
    world = World().with_one_file()
    ids = [(await issue(world)).ticket.id for _ in range(5)]

    first = await listed(world, limit=2)
    second = await listed(world, limit=2, after=first.next_after)
    third = await listed(world, limit=2, after=second.next_after)

    assert [ticket.id for page in (first, second, third) for ticket in page.tickets] == ids
    assert third.next_after is None


async def test_a_listing_can_be_of_one_issuer_and_one_file():
    world = World().with_one_file()
    await issue(world)

    assert len((await listed(world, issued_by="issuer@x.org", checksum="c1")).tickets) == 1
    assert (await listed(world, issued_by="somebody@x.org")).tickets == ()
    assert (await listed(world, checksum="c2")).tickets == ()
