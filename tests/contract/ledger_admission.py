"""Admissions: what is granted, what it costs, and that a refusal changes nothing (L1, L2, L5, L6)."""

import asyncio
from datetime import timedelta

from domain.access import ANONYMOUS_EMAIL
from domain.account import AccountKey
from domain.download import grace_bytes
from domain.quota import (
    ConnectionsExceeded,
    Granted,
    QuotaExceeded,
    RateExceeded,
    TicketNotValid,
    VersionChanged,
)
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import ALICE, BOB, LARGE, NOW, SIZE, TENANT, a_request, a_ticket, limits


class AdmissionContract(LedgerSuite):
    async def test_what_is_foreseen_is_what_would_be_admitted_and_changes_nothing(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        before = await env.snapshot()

        granted = await env.ledger.foresee(a_request("t1", length=400), NOW)

        assert isinstance(granted, Granted)
        assert granted.opened
        assert await env.snapshot() == before
        await env.granted(a_request("t1", length=400))
        await env.ledger.settle("t1", Outcome(delivered_bytes=400), NOW)
        rest, whole = await asyncio.gather(
            env.ledger.foresee(a_request("t2", start=400), NOW), env.ledger.foresee(a_request("t3"), NOW)
        )
        assert isinstance(rest, Granted)
        assert not rest.opened
        assert whole == QuotaExceeded(limit=1, current=1)

    async def test_the_first_transfer_charges_a_unit_and_takes_a_slot(self, env: LedgerEnvironment) -> None:
        granted = await env.granted(a_request("t1"))

        assert (granted.opened, granted.whole_file) == (True, False)
        assert granted.account == await env.account()
        assert (await env.used(), await env.active()) == (1, 1)
        assert (granted.transfer,) == await env.ledger.transfers(TENANT)

    async def test_sixteen_parallel_ranges_cost_one_unit_and_one_slot(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1, rateLimit=1)
        part = LARGE // 16
        for number in range(16):
            granted = await env.granted(a_request(f"t{number}", size=LARGE, start=number * part, length=part))
            assert granted.opened is (number == 0)

        assert (await env.used(), await env.active()) == (1, 1)
        assert len(await env.ledger.transfers(TENANT)) == 16

    async def test_more_connections_than_the_cap_are_refused(self, env: LedgerEnvironment) -> None:
        for number in range(16):
            await env.granted(a_request(f"t{number}", size=LARGE, start=number, length=1))
        before = await env.snapshot()

        refusal = await env.ledger.admit(a_request("t16", size=LARGE, start=16, length=1), NOW)

        assert refusal == ConnectionsExceeded(limit=16, current=16)
        assert await env.snapshot() == before

    async def test_a_resume_costs_nothing(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=400), NOW)

        resumed = await env.granted(a_request("t2", start=400), NOW + timedelta(hours=23))

        assert not resumed.opened
        assert await env.used() == 1

    async def test_a_resume_may_repeat_bytes_up_to_the_grace(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1", size=LARGE))
        await env.ledger.settle("t1", Outcome(delivered_bytes=LARGE // 2), NOW)
        overlap = LARGE // 2 - grace_bytes(LARGE)

        assert await env.ledger.admit(a_request("t2", size=LARGE, start=overlap - 1), NOW) == QuotaExceeded(
            limit=1, current=1
        )
        assert not (await env.granted(a_request("t3", size=LARGE, start=overlap))).opened

    async def test_the_first_bytes_again_get_no_grace(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=1), NOW)

        assert await env.ledger.admit(a_request("t2"), NOW) == QuotaExceeded(limit=1, current=1)

    async def test_a_passed_window_charges_again(self, env: LedgerEnvironment) -> None:
        await env.set(resumeWindow=60)
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=400), NOW)

        assert (await env.granted(a_request("t2", start=400), NOW + timedelta(seconds=60))).opened
        assert await env.used() == 2

    async def test_a_second_full_copy_charges_a_second_unit(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)
        await env.granted(a_request("t2"))
        await env.ledger.settle("t2", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)

        assert await env.used() == 2

    async def test_a_second_full_copy_at_the_same_time_takes_a_second_slot(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.granted(a_request("t2"))

        assert (await env.used(), await env.active()) == (2, 2)

    async def test_an_empty_file_costs_one_unit_per_copy(self, env: LedgerEnvironment) -> None:
        for copy in ("t1", "t2"):
            await env.granted(a_request(copy, size=0))
            await env.ledger.settle(copy, Outcome(delivered_bytes=0, is_completed=True), NOW)

        assert (await env.used(), await env.active()) == (2, 0)

    async def test_an_uncounted_file_costs_nothing(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0, rateLimit=0)

        for number in range(3):
            assert (await env.granted(a_request(f"t{number}", is_counted=False))).opened
        assert (await env.used(), await env.active()) == (0, 0)

    async def test_the_anonymous_user_may_download_nothing_counted(self, env: LedgerEnvironment) -> None:
        anonymous = AccountKey(TENANT, ANONYMOUS_EMAIL)

        assert await env.ledger.admit(a_request(account=anonymous), NOW) == QuotaExceeded(limit=0, current=0)
        await env.ledger.set_limits(anonymous, limits(1, 1))
        assert (await env.granted(a_request(account=anonymous))).opened

    async def test_a_file_that_changed_under_an_open_download_is_not_spliced(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=400), NOW)

        assert await env.ledger.admit(a_request("t2", size=SIZE + 1, start=400), NOW) == VersionChanged()

    async def test_users_and_tenants_never_share_an_account(self, env: LedgerEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.tenants.add("other", NOW)
            await unit.settings.put("other", "maxQuota", 0)
            await unit.commit()
        await env.granted(a_request("t1"))
        await env.granted(a_request("t2", account=BOB))

        elsewhere = AccountKey("other", ALICE.email)
        assert await env.ledger.admit(a_request("t3", account=elsewhere), NOW) == QuotaExceeded(limit=0, current=0)
        assert (await env.used(ALICE), await env.used(BOB)) == (1, 1)

    async def test_every_refusal_changes_nothing(self, env: LedgerEnvironment) -> None:
        await env.add_ticket(a_ticket("k1", max_uses=1))
        key = a_ticket("k1").account
        await env.set(maxQuota=2, rateLimit=1)
        await env.granted(a_request("t0", checksum="c0", length=10))
        await env.ledger.settle("t0", Outcome(delivered_bytes=10), NOW)
        await env.granted(a_request("t1"))
        await env.granted(a_request("t2", account=key, ticket_id="k1"))
        before = await env.snapshot()

        refusals = [
            await env.ledger.admit(request, NOW)
            for request in (
                a_request("r1", checksum="c2"),
                a_request("r2", checksum="c0", start=10),
                a_request("r3", account=key, ticket_id="k1"),
                a_request("r4", account=key, ticket_id="unknown"),
                a_request("r5", size=SIZE + 1, start=1),
                a_request("r6", account=AccountKey(TENANT, ANONYMOUS_EMAIL)),
            )
        ]

        assert [type(refusal) for refusal in refusals] == [
            QuotaExceeded,
            RateExceeded,
            TicketNotValid,
            TicketNotValid,
            VersionChanged,
            QuotaExceeded,
        ]
        assert await env.snapshot() == before

    async def test_a_refusal_does_not_even_create_an_account(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0)

        await env.ledger.admit(a_request(), NOW)

        assert await env.ledger.accounts([ALICE]) == {}

    async def test_quota_is_named_before_rate(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1, rateLimit=1)
        await env.granted(a_request("t1"))

        assert await env.ledger.admit(a_request("t2", checksum="c2"), NOW) == QuotaExceeded(limit=1, current=1)

    async def test_a_poisoned_download_is_answered_whole_until_one_full_copy_completes(
        self, env: LedgerEnvironment
    ) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE, is_corrupt=True), NOW)

        whole = await env.granted(a_request("t2", start=600))
        assert (whole.whole_file, whole.transfer.start, whole.transfer.reserved_bytes) == (True, 0, SIZE)
        await env.ledger.settle("t2", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)

        assert not (await env.granted(a_request("t3", start=600))).whole_file
        assert await env.used() == 1

    async def test_while_a_poisoned_download_is_sent_whole_no_range_joins_it(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE, is_corrupt=True), NOW)
        await env.granted(a_request("t2", start=600))

        assert await env.ledger.admit(a_request("t3", start=700), NOW) == ConnectionsExceeded(limit=1, current=1)

    async def test_the_poison_of_one_download_is_not_hidden_by_an_older_one_with_room(
        self, env: LedgerEnvironment
    ) -> None:
        await env.granted(a_request("t1", length=500))
        await env.granted(a_request("t2"), NOW + timedelta(seconds=1))
        await env.ledger.settle("t2", Outcome(delivered_bytes=SIZE, is_corrupt=True), NOW + timedelta(seconds=2))
        later = NOW + timedelta(seconds=3)
        assert (await env.granted(a_request("t3", start=600), later)).whole_file

        refusal = await env.ledger.admit(a_request("t4", start=700), later)

        assert refusal == ConnectionsExceeded(limit=1, current=1)

    async def test_the_decision_is_the_same_through_either_instance(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        first, second = env.ledgers

        assert isinstance(await first.admit(a_request("t1", length=500), NOW), Granted)
        joined = await second.admit(a_request("t2", start=500, instance_id="i2"), NOW)

        assert isinstance(joined, Granted)
        assert not joined.opened
        assert isinstance(await second.admit(a_request("t3", checksum="c2"), NOW), QuotaExceeded)
