"""Many at once, through two instances: never over, nothing lost, nothing leaked (L1)."""

import asyncio
from collections import Counter
from datetime import timedelta

from domain.quota import Granted, QuotaExceeded, RateExceeded
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import NOW, SIZE, TENANT, a_request


class ConcurrencyContract(LedgerSuite):
    async def test_two_instances_racing_on_one_account_never_overshoot(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=50, rateLimit=3)

        first = await _admit_all(env, "a", 200)
        assert Counter(type(decision) for decision in first) == {Granted: 3, RateExceeded: 197}
        await env.set(rateLimit=-1)
        second = await _admit_all(env, "b", 200)

        assert Counter(type(decision) for decision in second) == {Granted: 47, QuotaExceeded: 153}
        assert (await env.used(), await env.active()) == (50, 50)
        assert len(await env.ledger.transfers(TENANT)) == 50

    async def test_admissions_and_settlements_in_flight_together_stay_exact(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=40, rateLimit=4)
        running: list[str] = []
        completed = 0
        for round_number in range(12):
            decisions, settled = await asyncio.gather(
                _admit_all(env, f"r{round_number}", 10),
                asyncio.gather(
                    *(
                        env.ledgers[position % 2].settle(
                            transfer_id, Outcome(delivered_bytes=SIZE, is_completed=True), NOW
                        )
                        for position, transfer_id in enumerate(running)
                    )
                ),
            )
            assert all(settled)
            completed += len(running)
            running = [decision.transfer.id for decision in decisions if isinstance(decision, Granted)]
            assert len(running) <= 4
            assert await env.active() == len(running)
            assert await env.used() == completed + len(running)

        assert await env.used() == 40

    async def test_ranges_that_arrive_together_open_one_download(self, env: LedgerEnvironment) -> None:
        decisions = await asyncio.gather(
            *(
                env.ledgers[number % 2].admit(
                    a_request(f"t{number}", start=number * 100, length=100, instance_id=f"i{number % 2}"), NOW
                )
                for number in range(10)
            )
        )

        granted = [decision for decision in decisions if isinstance(decision, Granted)]
        assert len(granted) == 10
        assert len({decision.download.id for decision in granted}) == 1
        assert sum(decision.opened for decision in granted) == 1
        assert (await env.used(), await env.active()) == (1, 1)

    async def test_the_same_end_told_twice_at_once_counts_once(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))

        told = await asyncio.gather(
            *(
                env.ledgers[number % 2].settle("t1", Outcome(delivered_bytes=0), NOW + timedelta(seconds=30))
                for number in range(8)
            ),
            env.ledgers[0].sweep(NOW + timedelta(seconds=30)),
        )

        assert sum(told) == 1
        assert (await env.used(), await env.active()) == (0, 0)

    async def test_a_cancelled_admission_leaks_nothing_and_disturbs_nobody(self, env: LedgerEnvironment) -> None:
        tasks = [
            asyncio.create_task(env.ledgers[number % 2].admit(a_request(f"t{number}", checksum=f"c{number}"), NOW))
            for number in range(20)
        ]
        for number, task in enumerate(tasks):
            if number % 5 == 0:
                await asyncio.sleep(0)
            if number % 2:
                task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        for number, outcome in enumerate(outcomes):
            if number % 2 == 0:
                assert isinstance(outcome, Granted)
                await env.ledger.settle(f"t{number}", Outcome(delivered_bytes=1), NOW)
        # Nobody may know whether a cancelled admission was recorded; its lease heals it either way. Each instance
        # sweeps, behind what its own writer still has at hand: one sweep of the first may come before that is recorded.
        for ledger in env.ledgers:
            await ledger.sweep(NOW + timedelta(seconds=30))
        assert await env.ledger.transfers(TENANT) == ()
        assert (await env.used(), await env.active()) == (10, 0)

    async def test_a_cancelled_settlement_is_made_up_for_by_the_sweep(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1"))
        task = asyncio.create_task(env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await env.ledger.sweep(NOW + timedelta(seconds=30))

        assert (await env.used(), await env.active()) == (0, 0)


async def _admit_all(env: LedgerEnvironment, prefix: str, count: int):
    return await asyncio.gather(
        *(
            env.ledgers[number % 2].admit(
                a_request(f"{prefix}-{number}", checksum=f"{prefix}-{number}", instance_id=f"i{number % 2}"), NOW
            )
            for number in range(count)
        )
    )
