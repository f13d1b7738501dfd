"""Leases: a crash heals, progress never goes back, and an instance learns what it lost (L4)."""

from datetime import timedelta

from domain.account import AccountKey
from domain.quota import QuotaExceeded, RateExceeded
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import ALICE, NOW, SIZE, TENANT, a_request, a_ticket

LEASE = timedelta(seconds=30)
AFTER_LEASE = NOW + LEASE


class LeaseContract(LedgerSuite):
    async def test_a_transfer_is_leased_from_its_start(self, env: LedgerEnvironment) -> None:
        assert (await env.granted(a_request("t1"))).transfer.lease_until == NOW + LEASE

    async def test_the_sweep_settles_expired_leases_by_their_last_progress(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.granted(a_request("t2", checksum="c2"))
        await env.granted(a_request("t3", checksum="c3"))
        await env.ledger.renew("i1", {"t1": 300, "t3": 10}, NOW + LEASE)
        await env.ledger.renew("i1", {"t3": 20}, NOW + 2 * LEASE)

        assert await env.ledger.sweep(AFTER_LEASE) == 2

        assert (await env.used(), await env.active()) == (2, 1)
        assert [transfer.id for transfer in await env.ledger.transfers(TENANT)] == ["t3"]
        assert (await env.granted(a_request("t4", start=300), AFTER_LEASE)).download.delivered_bytes == 300

    async def test_the_sweep_leaves_running_transfers_alone(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        before = await env.snapshot()

        assert await env.ledger.sweep(AFTER_LEASE - timedelta(microseconds=1)) == 0
        assert await env.snapshot() == before

    async def test_the_sweep_reaches_every_tenant(self, env: LedgerEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.tenants.add("other", NOW)
            await unit.commit()
        elsewhere = AccountKey("other", ALICE.email)
        await env.granted(a_request("t1"))
        await env.granted(a_request("t2", account=elsewhere))

        assert await env.ledger.sweep(AFTER_LEASE) == 2
        assert (await env.active(), await env.active(elsewhere)) == (0, 0)

    async def test_a_transfer_that_handed_everything_over_before_the_crash_is_complete(
        self, env: LedgerEnvironment
    ) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.renew("i1", {"t1": SIZE}, AFTER_LEASE)

        await env.ledger.sweep(AFTER_LEASE)

        assert [event.type for event in await env.events()] == ["DownloadCompleted"]
        assert await env.used() == 1

    async def test_an_expired_lease_gives_its_slot_to_the_admission_it_stands_in_the_way_of(
        self, env: LedgerEnvironment
    ) -> None:
        await env.set(rateLimit=1)
        await env.granted(a_request("t1"))
        await env.ledger.renew("i1", {"t1": 5}, AFTER_LEASE)
        early = AFTER_LEASE - timedelta(microseconds=1)
        assert await env.ledger.admit(a_request("t2", checksum="c2"), early) == RateExceeded(limit=1, current=1)

        await env.granted(a_request("t3", checksum="c2"), AFTER_LEASE)

        assert (await env.used(), await env.active()) == (2, 1)
        assert not await env.ledger.settle("t1", Outcome(delivered_bytes=500), AFTER_LEASE)

    async def test_an_expired_lease_that_delivered_nothing_gives_its_unit_to_the_admission(
        self, env: LedgerEnvironment
    ) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))

        await env.granted(a_request("t2", checksum="c2"), AFTER_LEASE)

        assert (await env.used(), await env.active()) == (1, 1)

    async def test_an_expired_lease_gives_its_reserved_bytes_to_the_resume(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        size = 10**9
        await env.granted(a_request("t1", size=size))
        await env.ledger.renew("i1", {"t1": 1000}, AFTER_LEASE)

        resumed = await env.granted(a_request("t2", size=size, start=1000), AFTER_LEASE)

        assert not resumed.opened
        assert await env.used() == 1

    async def test_expired_connections_do_not_count_against_the_cap(self, env: LedgerEnvironment) -> None:
        for number in range(16):
            await env.granted(a_request(f"t{number}", start=number, length=1))
        await env.ledger.renew("i1", {"t0": 1}, AFTER_LEASE)

        assert not (await env.granted(a_request("t16", start=20, length=1), AFTER_LEASE)).opened

    async def test_an_expired_lease_gives_its_ticket_use_back(self, env: LedgerEnvironment) -> None:
        ticket = await env.add_ticket(a_ticket(max_uses=1))
        await env.granted(a_request("t1", account=ticket.account, ticket_id=ticket.id))

        await env.granted(a_request("t2", account=ticket.account, ticket_id=ticket.id), AFTER_LEASE)

        assert (await env.ticket(ticket.id)).uses == 1

    async def test_a_refusal_leaves_even_expired_leases_unsettled(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))
        await env.ledger.renew("i1", {"t1": 5}, AFTER_LEASE)
        before = await env.snapshot()

        refusal = await env.ledger.admit(a_request("t2", checksum="c2"), AFTER_LEASE)

        assert refusal == QuotaExceeded(limit=1, current=1)
        assert await env.snapshot() == before

    async def test_a_renewed_lease_holds(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))

        renewal = await env.ledger.renew("i1", {"t1": 10}, NOW + 2 * LEASE)

        assert (renewal.lost, renewal.end_requested) == (frozenset(), frozenset())
        assert await env.ledger.sweep(AFTER_LEASE) == 0
        assert await env.ledger.sweep(NOW + 2 * LEASE) == 1

    async def test_a_paused_instance_that_comes_back_before_the_sweep_keeps_its_transfer(
        self, env: LedgerEnvironment
    ) -> None:
        await env.granted(a_request("t1"))

        assert (await env.ledger.renew("i1", {"t1": 10}, NOW + 5 * LEASE)).lost == frozenset()
        assert await env.ledger.sweep(NOW + 4 * LEASE) == 0

    async def test_progress_never_goes_back(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        for progress in (100, 300, 200):
            await env.ledger.renew("i1", {"t1": progress}, NOW + LEASE)

        (transfer,) = await env.ledger.transfers(TENANT)
        assert transfer.progress_bytes == 300

    async def test_an_instance_learns_what_it_lost_and_never_touches_what_others_run(
        self, env: LedgerEnvironment
    ) -> None:
        first, second = env.ledgers
        await first.admit(a_request("t1", instance_id="i1"), NOW)
        await second.admit(a_request("t2", checksum="c2", instance_id="i2"), NOW)
        await first.admit(a_request("t3", checksum="c3", instance_id="i1"), NOW)
        await first.settle("t3", Outcome(delivered_bytes=1), NOW)

        renewal = await first.renew("i1", {"t1": 10, "t2": 999, "t3": 10, "unknown": 1}, NOW + 2 * LEASE)

        assert renewal.lost == {"t2", "t3", "unknown"}
        theirs = next(row for row in await first.transfers(TENANT) if row.id == "t2")
        assert (theirs.progress_bytes, theirs.lease_until) == (0, NOW + LEASE)

    async def test_a_renewal_of_nothing_is_no_error(self, env: LedgerEnvironment) -> None:
        assert (await env.ledger.renew("i1", {}, AFTER_LEASE)).lost == frozenset()

    async def test_hundreds_of_transfers_are_renewed_in_one_call(self, env: LedgerEnvironment) -> None:
        ids = [f"t{number:03d}" for number in range(300)]
        for number, transfer_id in enumerate(ids):
            await env.granted(a_request(transfer_id, checksum=f"c{number}"))

        renewal = await env.ledger.renew(
            "i1", {transfer_id: number for number, transfer_id in enumerate(ids)}, NOW + 2 * LEASE
        )

        assert renewal.lost == frozenset()
        running = await env.ledger.transfers(TENANT)
        assert {row.id: row.progress_bytes for row in running} == {i: n for n, i in enumerate(ids)}

    async def test_the_owner_is_told_at_its_next_renewal_that_a_transfer_should_end(
        self, env: LedgerEnvironment
    ) -> None:
        first, second = env.ledgers
        await first.admit(a_request("t1"), NOW)
        await first.admit(a_request("t2", checksum="c2"), NOW)

        assert await second.request_end(TENANT, "t1")
        renewal = await first.renew("i1", {"t1": 1, "t2": 1}, NOW + LEASE)

        assert renewal.end_requested == {"t1"}
        assert await env.active() == 2
