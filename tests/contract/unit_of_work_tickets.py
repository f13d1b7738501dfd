"""Tickets as rows: found by id and token, listed, revoked once, purged when nobody needs them."""

from datetime import timedelta

import attrs
import pytest

from application.errors import Conflict
from domain.access import Role
from domain.settlement import Outcome
from domain.ticket import ProductTicket
from tests.catalogue_factories import a_urn
from tests.contract.unit_of_work_environment import OTHER, UnitOfWorkEnvironment, UnitOfWorkSuite
from tests.factories import BOB, NOW, TENANT, a_request, a_ticket

HOUR = timedelta(hours=1)


async def _add(env: UnitOfWorkEnvironment, *tickets) -> None:
    async with env.unit_of_work() as unit:
        for ticket in tickets:
            await unit.tickets.add(ticket)
        await unit.commit()


async def _page(env: UnitOfWorkEnvironment, **wanted) -> list[str]:
    query = {"issued_by": None, "checksum": None, "after": None, "limit": 10} | wanted
    async with env.unit_of_work() as unit:
        return [ticket.id for ticket in await unit.tickets.page(TENANT, **query)]


async def _purge(env: UnitOfWorkEnvironment, expired_before) -> int:
    async with env.unit_of_work() as unit:
        count = await unit.tickets.purge(expired_before)
        await unit.commit()
    return count


class TicketsContract(UnitOfWorkSuite):
    async def test_a_ticket_to_a_file_of_a_product_keeps_whose_rights_decide(self, env: UnitOfWorkEnvironment) -> None:
        product = ProductTicket(urn=a_urn(), role=Role.REGISTERED_USER, groups=frozenset({"b", 'a "quoted" one'}))
        ticket = attrs.evolve(a_ticket(email=BOB.email), product=product)
        await _add(env, ticket)

        async with env.unit_of_work() as unit:
            assert await unit.tickets.get(TENANT, ticket.id) == ticket

    async def test_a_ticket_is_found_by_its_id_and_by_the_hash_of_its_token(self, env: UnitOfWorkEnvironment) -> None:
        ticket = attrs.evolve(
            a_ticket(email=BOB.email, max_uses=3), expires_at=NOW + timedelta(hours=2, microseconds=7)
        )
        await _add(env, ticket, a_ticket("k2"))

        async with env.unit_of_work() as unit:
            assert await unit.tickets.get(TENANT, "k1") == ticket
            assert await unit.tickets.by_token(TENANT, ticket.token_sha256) == ticket
            assert await unit.tickets.by_token(TENANT, "0" * 64) is None
            assert await unit.tickets.get(TENANT, "k3") is None

    async def test_a_token_opens_nothing_in_another_tenant(self, env: UnitOfWorkEnvironment) -> None:
        ticket = a_ticket()
        await _add(env, ticket)

        async with env.unit_of_work() as unit:
            assert await unit.tickets.get(OTHER, "k1") is None
            assert await unit.tickets.by_token(OTHER, ticket.token_sha256) is None
            await unit.tickets.revoke(OTHER, "k1", NOW)
            await unit.commit()
        async with env.unit_of_work() as unit:
            assert await unit.tickets.get(TENANT, "k1") == ticket

    @pytest.mark.parametrize("twin", [a_ticket("k1", token="x"), a_ticket("k2", token="k1")], ids=["id", "token"])
    async def test_a_second_ticket_with_the_same_id_or_token_is_a_conflict(
        self, env: UnitOfWorkEnvironment, twin: object
    ) -> None:
        await _add(env, a_ticket("k1"))

        with pytest.raises(Conflict):
            await _add(env, twin)
        assert await _page(env) == ["k1"]

    async def test_tickets_are_listed_by_id_of_one_issuer_or_for_one_file(self, env: UnitOfWorkEnvironment) -> None:
        await _add(
            env,
            a_ticket("k3"),
            a_ticket("k1"),
            a_ticket("k2", issued_by="second@example.org"),
            a_ticket("k4", checksum="c2"),
            a_ticket("k0", tenant=OTHER),
        )

        assert await _page(env) == ["k1", "k2", "k3", "k4"]
        assert await _page(env, issued_by="second@example.org") == ["k2"]
        assert await _page(env, checksum="c2") == ["k4"]
        assert await _page(env, checksum="c1", issued_by="issuer@example.org") == ["k1", "k3"]
        assert await _page(env, limit=2) == ["k1", "k2"]
        assert await _page(env, after="k2", limit=2) == ["k3", "k4"]
        assert await _page(env, after="k4") == []

    async def test_the_first_revocation_stands(self, env: UnitOfWorkEnvironment) -> None:
        await _add(env, a_ticket())
        for later in (timedelta(0), HOUR):
            async with env.unit_of_work() as unit:
                await unit.tickets.revoke(TENANT, "k1", NOW + later)
                await unit.tickets.revoke(TENANT, "unknown", NOW)
                await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.tickets.get(TENANT, "k1") == a_ticket().revoked(NOW)

    async def test_revoking_loses_no_use_that_the_ledger_takes_meanwhile(self, env: UnitOfWorkEnvironment) -> None:
        ticket = a_ticket(max_uses=3)
        await _add(env, ticket)
        await env.ledger.admit(a_request("t1", account=ticket.account, ticket_id="k1"), NOW)
        await env.ledger.settle("t1", Outcome(delivered_bytes=1), NOW)

        async with env.unit_of_work() as unit:
            await unit.tickets.revoke(TENANT, "k1", NOW)
            await unit.commit()

        async with env.unit_of_work() as unit:
            after = await unit.tickets.get(TENANT, "k1")
        assert after == attrs.evolve(ticket, uses=1, spent=1, revoked_at=NOW)

    async def test_expired_tickets_of_all_tenants_are_purged(self, env: UnitOfWorkEnvironment) -> None:
        await _add(env, a_ticket("k1"), a_ticket("k2", expires_in=2 * HOUR), a_ticket("k3", tenant=OTHER))

        assert await _purge(env, NOW + HOUR) == 0
        assert await _purge(env, NOW + HOUR + timedelta(seconds=1)) == 2
        assert await _page(env) == ["k2"]

    async def test_a_ticket_stays_while_its_download_runs(self, env: UnitOfWorkEnvironment) -> None:
        ticket = a_ticket()
        await _add(env, ticket)
        await env.ledger.admit(a_request("t1", account=ticket.account, ticket_id="k1"), NOW)

        assert await _purge(env, NOW + 2 * HOUR) == 0
        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW + 2 * HOUR)
        assert await _purge(env, NOW + 3 * HOUR) == 1
