"""From the token in a URL to the account that pays."""

from datetime import timedelta

import attrs
import pytest

from application.use_cases.redeem_ticket import RedeemedTicket, RedeemTicket, RedeemTicketRequest
from domain.errors import TicketRefused
from domain.ticket import Ticket
from tests import factories
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

pytestmark = pytest.mark.anyio


async def redeem(ticket: Ticket, *, clock: FixedClock | None = None, **changes: object) -> RedeemedTicket:
    database = InMemoryDatabase()
    with database.transaction() as tables:
        tables.tickets[ticket.tenant, ticket.id] = ticket
    shown = RedeemTicketRequest(tenant=factories.TENANT, checksum="c1", token="k1")
    return await RedeemTicket(new_unit=lambda: InMemoryUnitOfWork(database), clock=clock or FixedClock()).execute(
        attrs.evolve(shown, **changes)
    )


async def test_a_ticket_of_nobody_has_an_account_of_its_own() -> None:
    redeemed = await redeem(factories.a_ticket())

    assert redeemed.ticket_id == "k1"
    assert redeemed.account.is_ticket


async def test_a_ticket_of_a_user_charges_that_user() -> None:
    assert (await redeem(factories.a_ticket(email=factories.ALICE.email))).account == factories.ALICE


@pytest.mark.parametrize("changes", [{"token": "other"}, {"checksum": "c2"}, {"tenant": "other"}])
async def test_a_ticket_opens_its_own_file_only(changes: dict[str, object]) -> None:
    with pytest.raises(TicketRefused):
        await redeem(factories.a_ticket(), **changes)


async def test_a_revoked_ticket_is_refused() -> None:
    with pytest.raises(TicketRefused):
        await redeem(factories.a_ticket().revoked(factories.NOW))


async def test_a_description_needs_a_ticket_that_could_open() -> None:
    clock = FixedClock()
    clock.advance(timedelta(hours=2))

    await redeem(factories.a_ticket(), is_head=True)
    await redeem(factories.a_ticket(), clock=clock)
    with pytest.raises(TicketRefused):
        await redeem(factories.a_ticket(), clock=clock, is_head=True)
    with pytest.raises(TicketRefused):
        await redeem(factories.a_ticket(max_uses=1).with_use_taken(), is_head=True)
