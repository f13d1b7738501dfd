"""Accounts: limits, forgetting a user, what is visible and ended by whom, and purging (L7)."""

from datetime import timedelta

from domain.account import Account, AccountKey
from domain.quota import Granted, QuotaExceeded, RateExceeded, TicketNotValid
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import ALICE, BOB, NOW, SIZE, TENANT, a_request, a_ticket, limits


class AccountsContract(LedgerSuite):
    async def test_reading_creates_no_account(self, env: LedgerEnvironment) -> None:
        before = await env.snapshot()

        assert await env.ledger.accounts([ALICE, BOB]) == {}
        assert await env.ledger.accounts([]) == {}
        assert await env.snapshot() == before

    async def test_hundreds_of_accounts_are_read_in_one_call(self, env: LedgerEnvironment) -> None:
        await env.ledger.set_limits(ALICE, limits(5, 2))
        keys = [ALICE, *(AccountKey(TENANT, f"user{number}@example.org") for number in range(500))]

        assert await env.ledger.accounts(keys) == {ALICE: Account(key=ALICE, limits=limits(5, 2))}

    async def test_own_limits_come_before_the_tenants(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0)
        assert await env.ledger.set_limits(ALICE, limits(1, 1)) == Account(key=ALICE, limits=limits(1, 1))

        await env.granted(a_request("t1"))
        assert await env.ledger.admit(a_request("t2", account=BOB), NOW) == QuotaExceeded(limit=0, current=0)

    async def test_without_own_limits_the_tenants_hold_again_at_once(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0)
        await env.ledger.set_limits(ALICE, limits(5, 5))
        await env.granted(a_request("t1"))

        after = await env.ledger.set_limits(ALICE, None)

        assert (after.limits, after.units_used, after.active_downloads) == (None, 1, 1)
        assert await env.ledger.admit(a_request("t2", checksum="c2"), NOW) == QuotaExceeded(limit=0, current=1)

    async def test_a_changed_setting_holds_from_the_next_admission(self, env: LedgerEnvironment) -> None:
        await env.set(rateLimit=1)
        await env.granted(a_request("t1"))
        request = a_request("t2", checksum="c2")
        assert await env.ledgers[1].admit(request, NOW) == RateExceeded(limit=1, current=1)

        await env.set(rateLimit=2)

        assert isinstance(await env.ledgers[1].admit(request, NOW), Granted)

    async def test_a_limit_below_what_is_used_stops_admissions_and_nothing_that_runs(
        self, env: LedgerEnvironment
    ) -> None:
        for number in range(3):
            await env.granted(a_request(f"t{number}", checksum=f"c{number}"))
        await env.ledger.set_limits(ALICE, limits(1, 1))

        assert await env.ledger.admit(a_request("t3", checksum="c3"), NOW) == QuotaExceeded(limit=1, current=3)
        assert (await env.ledger.renew("i1", {"t0": 1, "t1": 1, "t2": 1}, NOW)).lost == frozenset()
        assert await env.ledger.settle("t0", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)
        assert (await env.used(), await env.active()) == (3, 2)

    async def test_a_forgotten_user_leaves_nothing_behind(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("b1", account=BOB))
        before = await env.snapshot()
        await env.ledger.set_limits(ALICE, limits(1, 1))
        await env.granted(a_request("t1"))

        assert await env.ledger.forget(ALICE)

        assert await env.snapshot() == before
        assert not await env.ledger.forget(ALICE)

    async def test_the_tickets_that_charge_a_forgotten_user_go_too(self, env: LedgerEnvironment) -> None:
        for ticket in (a_ticket("k1", email=ALICE.email), a_ticket("k2", email=BOB.email), a_ticket("k3")):
            await env.add_ticket(ticket)
        await env.granted(a_request("t1", ticket_id="k1"))

        assert await env.ledger.forget(ALICE)

        async with env.unit_of_work() as unit:
            left = await unit.tickets.page(TENANT, issued_by=None, checksum=None, after=None, limit=10)
        assert [ticket.id for ticket in left] == ["k2", "k3"]
        assert await env.ledger.admit(a_request("t2", ticket_id="k1"), NOW) == TicketNotValid(None)

    async def test_what_ran_for_a_forgotten_user_is_lost_and_settles_nothing(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.forget(ALICE)

        assert (await env.ledger.renew("i1", {"t1": 1}, NOW)).lost == {"t1"}
        assert not await env.ledger.settle("t1", Outcome(delivered_bytes=1), NOW)
        assert await env.ledger.accounts([ALICE]) == {}

    async def test_a_forgotten_user_starts_anew(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=10), NOW)
        await env.ledger.forget(ALICE)

        assert (await env.granted(a_request("t2", start=10))).opened
        assert await env.used() == 1

    async def test_running_transfers_are_listed_oldest_first_and_by_user(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t9"), NOW)
        await env.granted(a_request("t5", account=BOB), NOW + timedelta(seconds=1))
        await env.granted(a_request("t1", checksum="c2"), NOW + timedelta(seconds=2))

        assert [row.id for row in await env.ledger.transfers(TENANT)] == ["t9", "t5", "t1"]
        assert [row.id for row in await env.ledger.transfers(TENANT, ALICE.email)] == ["t9", "t1"]
        assert await env.ledger.transfers("other") == ()

    async def test_a_listed_transfer_tells_all_that_was_recorded(self, env: LedgerEnvironment) -> None:
        granted = await env.granted(a_request("t1", start=200, length=300))

        (transfer,) = await env.ledgers[1].transfers(TENANT, ALICE.email)

        assert transfer == granted.transfer
        assert (transfer.start, transfer.reserved_bytes, transfer.client) == (200, 300, "192.0.2.1")

    async def test_only_the_owner_or_the_tenant_may_end_a_transfer(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        before = await env.snapshot()

        assert not await env.ledger.request_end(TENANT, "t1", BOB.email)
        assert not await env.ledger.request_end("other", "t1")
        assert not await env.ledger.request_end(TENANT, "unknown")
        assert await env.snapshot() == before
        assert await env.ledger.request_end(TENANT, "t1", ALICE.email)
        assert (await env.ledger.transfers(TENANT))[0].end_requested

    async def test_purging_deletes_what_can_never_be_resumed(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)
        await env.granted(a_request("t2", checksum="c2"))
        await env.ledger.settle("t2", Outcome(delivered_bytes=10), NOW)
        await env.granted(a_request("t3", checksum="c3"))
        day = timedelta(hours=24)

        assert await env.ledger.purge(NOW) == 1
        assert not (await env.granted(a_request("t4", checksum="c2", start=10, length=1), NOW)).opened
        await env.ledger.settle("t4", Outcome(delivered_bytes=1), NOW)
        assert await env.ledger.purge(NOW + day) == 1
        assert await env.ledger.purge(NOW + 2 * day) == 0
        assert await env.ledger.settle("t3", Outcome(delivered_bytes=1), NOW + 2 * day)
        assert await env.used() == 2

    async def test_a_tickets_own_account_is_purged_with_its_last_download(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket())
        for transfer in ("t1", "t2"):
            await env.granted(a_request(transfer, account=ticket.account, ticket_id=ticket.id))
        await env.granted(a_request("t3"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)
        await env.ledger.settle("t3", Outcome(delivered_bytes=0), NOW)

        assert await env.ledger.purge(NOW) == 2
        assert set(await env.ledger.accounts([ticket.account, ALICE])) == {ticket.account, ALICE}
        await env.ledger.settle("t2", Outcome(delivered_bytes=0), NOW)
        assert await env.ledger.purge(NOW) == 1
        assert set(await env.ledger.accounts([ticket.account, ALICE])) == {ALICE}
