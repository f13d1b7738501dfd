"""Tickets at the ledger: uses are taken, spent and given back with the download (DESIGN section 6)."""

import asyncio
from datetime import timedelta

import attrs

from domain.access import Role
from domain.quota import Granted, QuotaExceeded, TicketNotValid
from domain.settlement import Outcome
from domain.ticket import ProductTicket, TicketState
from tests.catalogue_factories import a_urn
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import BOB, NOW, SIZE, a_request, a_ticket


class TicketContract(LedgerSuite):
    async def test_a_use_is_taken_when_a_download_opens_and_spent_when_bytes_arrive(
        self, env: LedgerEnvironment
    ) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=2))
        first = await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id, length=500))
        await env.granted(a_request("t2", account=ticket.account, ticket_id=ticket.id, start=500))
        assert first.ticket is not None
        assert (first.ticket.uses, first.ticket.spent) == (1, 0)

        await env.ledger.settle("t1", Outcome(delivered_bytes=1), NOW)
        await env.ledger.settle("t2", Outcome(delivered_bytes=1), NOW)

        after = await env.ticket(ticket.id)
        assert (after.uses, after.spent) == (1, 1)

    async def test_a_ticket_to_a_file_of_a_product_is_the_same_at_the_ledger(self, env: LedgerEnvironment) -> None:
        product = ProductTicket(urn=a_urn(), role=Role.EXPLOIT, groups=frozenset({"readers"}))
        ticket = await env.add_ticket(attrs.evolve(a_ticket(email=BOB.email), product=product))

        granted = await env.granted(a_request("t1", account=BOB, ticket_id=ticket.id))

        assert granted.ticket is not None
        assert granted.ticket.product == product

    async def test_a_ticket_without_a_user_charges_nobody(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0, rateLimit=0)
        ticket = await env.add_ticket(a_ticket())

        granted = await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))

        assert (granted.account.units_used, granted.account.active_downloads) == (0, 0)

    async def test_a_ticket_for_a_user_charges_that_user(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        ticket = await env.add_ticket(a_ticket(email=BOB.email))
        assert ticket.account == BOB

        await env.granted(a_request("t1", account=BOB, ticket_id=ticket.id))

        assert await env.used(BOB) == 1
        assert await env.ledger.admit(a_request("t2", account=BOB, checksum="c2"), NOW) == QuotaExceeded(
            limit=1, current=1
        )

    async def test_a_download_through_a_ticket_is_not_continued_without_it(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(email=BOB.email))
        await env.granted(a_request("t1", account=BOB, ticket_id=ticket.id, length=500))

        assert (await env.granted(a_request("t2", account=BOB, start=500))).opened
        assert await env.used(BOB) == 2

    async def test_a_use_is_given_back_with_the_unit(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=1))
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))
        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)

        assert (await env.ticket(ticket.id)).uses == 0
        await env.granted(a_request("t2", account=ticket.account, ticket_id=ticket.id))

    async def test_a_used_up_ticket_opens_nothing_but_resumes(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=1))
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))
        await env.ledger.settle("t1", Outcome(delivered_bytes=10), NOW)

        refusal = await env.ledger.admit(a_request("t2", account=ticket.account, ticket_id=ticket.id), NOW)
        assert refusal == TicketNotValid(TicketState.EXHAUSTED)
        assert not (await env.granted(a_request("t3", account=ticket.account, ticket_id=ticket.id, start=10))).opened

    async def test_uses_are_exact_under_concurrency(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=5))

        decisions = await asyncio.gather(
            *(
                env.ledgers[number % 2].admit(
                    a_request(f"t{number}", account=ticket.account, ticket_id=ticket.id, instance_id=f"i{number % 2}"),
                    NOW,
                )
                for number in range(40)
            )
        )

        assert sum(isinstance(decision, Granted) for decision in decisions) == 5
        assert (await env.ticket(ticket.id)).uses == 5

    async def test_a_revoked_ticket_opens_and_resumes_nothing(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket())
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))
        await env.ledger.settle("t1", Outcome(delivered_bytes=10), NOW)
        await env.revoke(ticket.id)

        for start in (0, 10):
            refusal = await env.ledger.admit(
                a_request("t2", account=ticket.account, ticket_id=ticket.id, start=start), NOW
            )
            assert refusal == TicketNotValid(TicketState.REVOKED)

    async def test_a_running_transfer_of_a_revoked_ticket_is_settled_like_any_other(
        self, env: LedgerEnvironment
    ) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=3))
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))
        await env.revoke(ticket.id)

        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)

        after = await env.ticket(ticket.id)
        assert (after.uses, after.spent, after.is_revoked) == (1, 1, True)

    async def test_an_expired_ticket_resumes_for_a_bounded_time(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(expires_in=timedelta(minutes=10)))
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE // 2), NOW + timedelta(minutes=4))

        # Half took 4 minutes, so the other half may take 3 x 4 minutes after expiry.
        deadline = NOW + timedelta(minutes=10 + 12)
        late = a_request("t2", account=ticket.account, ticket_id=ticket.id, start=SIZE // 2)
        assert await env.ledger.admit(late, deadline) == TicketNotValid(TicketState.EXPIRED)
        assert not (await env.granted(late, deadline - timedelta(seconds=1))).opened

    async def test_an_expired_ticket_opens_nothing(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(expires_in=timedelta(minutes=10)))
        request = a_request("t1", account=ticket.account, ticket_id=ticket.id)

        assert await env.ledger.admit(request, ticket.expires_at) == TicketNotValid(TicketState.EXPIRED)
        assert (await env.granted(request, ticket.expires_at - timedelta(microseconds=1))).opened

    async def test_a_ticket_opens_neither_another_file_nor_for_another_user(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(email=BOB.email))

        for request in (
            a_request("t1", account=BOB, checksum="c2", ticket_id=ticket.id),
            a_request("t2", ticket_id=ticket.id),
        ):
            assert isinstance(await env.ledger.admit(request, NOW), TicketNotValid)

    async def test_an_unknown_ticket_opens_nothing(self, env: LedgerEnvironment) -> None:
        assert await env.ledger.admit(a_request("t1", ticket_id="unknown"), NOW) == TicketNotValid(None)

    async def test_the_ticket_of_another_tenant_opens_nothing(self, env: LedgerEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.tenants.add("other", NOW)
            await unit.commit()
        ticket = await env.add_ticket(a_ticket("k1", tenant="other"))

        assert await env.ledger.admit(a_request("t1", ticket_id=ticket.id), NOW) == TicketNotValid(None)
