"""Settlements: what was not delivered is given back, once (L3)."""

from datetime import timedelta

import pytest

from domain.quota import QuotaExceeded
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import ALICE, NOW, SIZE, TENANT, a_request


class SettlementContract(LedgerSuite):
    @pytest.mark.parametrize("is_corrupt", [False, True], ids=["aborted", "corrupt"])
    async def test_a_download_that_delivered_nothing_gives_its_unit_back(
        self, env: LedgerEnvironment, is_corrupt: bool
    ) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))

        assert await env.ledger.settle("t1", Outcome(delivered_bytes=0, is_corrupt=is_corrupt), NOW)

        assert (await env.used(), await env.active()) == (0, 0)
        assert await env.ledger.transfers(TENANT) == ()
        assert [event.type for event in await env.events()] == ["DownloadAbandoned"]

    async def test_partial_delivery_keeps_the_unit_and_frees_the_slot(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))

        await env.ledger.settle("t1", Outcome(delivered_bytes=1), NOW)

        assert (await env.used(), await env.active()) == (1, 0)
        assert await env.events() == ()

    async def test_the_unit_stays_while_another_connection_of_the_download_runs(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1", length=500))
        await env.granted(a_request("t2", start=500))

        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)
        assert (await env.used(), await env.active()) == (1, 1)
        await env.ledger.settle("t2", Outcome(delivered_bytes=0), NOW)
        assert (await env.used(), await env.active()) == (0, 0)

    async def test_what_was_not_delivered_returns_to_the_budget(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        for attempt in range(10):
            await env.granted(a_request(f"t{attempt}", start=attempt * 100))
            await env.ledger.settle(f"t{attempt}", Outcome(delivered_bytes=100), NOW)

        assert await env.used() == 1
        assert [event.type for event in await env.events()] == ["DownloadCompleted"]

    async def test_more_bytes_than_reserved_are_never_counted(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1", length=500))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE * 10), NOW)

        assert (await env.granted(a_request("t2", length=500))).download.budget_left == 0

    async def test_a_transfer_is_settled_once(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1", length=500))
        await env.granted(a_request("t2", start=500))
        first, second = env.ledgers
        assert await first.settle("t1", Outcome(delivered_bytes=0), NOW)
        before = await env.snapshot()

        assert not await first.settle("t1", Outcome(delivered_bytes=500, is_completed=True), NOW)
        assert not await second.settle("t1", Outcome(delivered_bytes=500, is_completed=True), NOW)
        assert not await first.settle("unknown", Outcome(delivered_bytes=1), NOW)
        assert await env.snapshot() == before

    async def test_a_completed_download_tells_so_in_the_same_transaction(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))

        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE, is_completed=True), NOW + timedelta(minutes=2))

        (event,) = await env.events()
        assert (event.tenant, event.type, event.occurred_at) == (
            TENANT,
            "DownloadCompleted",
            NOW + timedelta(minutes=2),
        )
        assert event.payload["email"] == ALICE.email
        assert event.payload["checksum"] == "c1"
        assert event.payload["size_bytes"] == SIZE
        assert event.payload["download_id"] == "d-t1"

    async def test_an_aborted_empty_file_costs_nothing(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1", size=0))

        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)

        assert (await env.used(), await env.active()) == (0, 0)

    async def test_bytes_that_turned_out_wrong_keep_no_unit_but_are_remembered(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=SIZE - 1, is_corrupt=True), NOW)
        assert await env.used() == 0

        late = NOW + timedelta(days=29)
        await env.ledger.purge(late)
        assert (await env.granted(a_request("t2", start=SIZE - 1), late)).whole_file

    async def test_a_resume_after_a_give_back_is_charged_like_the_first(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await env.granted(a_request("t1"))
        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)

        assert (await env.granted(a_request("t2", start=10))).opened
        assert await env.ledger.admit(a_request("t3", checksum="c2"), NOW) == QuotaExceeded(limit=1, current=1)
