"""Units set aside for a cart: in the books at once, on every instance, and back when nobody came for them."""

import asyncio
from datetime import datetime, timedelta

from domain.quota import Granted, QuotaExceeded
from domain.reservation import Reserved
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment, LedgerSuite
from tests.factories import BOB, NOW, SIZE, TENANT, a_request, limits

HOUR = timedelta(hours=1)
UNTIL = NOW + HOUR


def a_cart(*checksums: str, prefix: str = "r", **options: object) -> list[object]:
    return [a_request(f"{prefix}-{checksum}", checksum=checksum, **options) for checksum in checksums]


async def set_aside(env: LedgerEnvironment, *checksums: str, until: datetime = UNTIL, now: datetime = NOW) -> Reserved:
    done = await env.ledger.reserve(a_cart(*checksums), until, now)
    assert isinstance(done, Reserved), done
    return done


class ReservationContract(LedgerSuite):
    async def test_a_cart_is_charged_and_takes_no_slot(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=2, rateLimit=0)

        assert (await set_aside(env, "c1", "c2")).units == 2

        assert (await env.used(), await env.active()) == (2, 0)
        assert await env.ledger.transfers(TENANT) == ()
        assert await env.events() == ()

    async def test_a_cart_that_does_not_fit_changes_nothing(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=2)
        await set_aside(env, "c1")
        before = await env.snapshot()

        refused = await env.ledgers[1].reserve(a_cart("c2", "c3", prefix="s"), UNTIL, NOW)

        assert refused == QuotaExceeded(limit=2, current=1)
        assert await env.snapshot() == before

    async def test_a_refused_cart_makes_no_account(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=0)
        before = await env.snapshot()

        assert isinstance(await env.ledger.reserve(a_cart("c1"), UNTIL, NOW), QuotaExceeded)

        assert await env.snapshot() == before

    async def test_the_other_instance_knows_of_it_and_its_download_uses_it(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await set_aside(env, "c1")
        second = env.ledgers[1]

        assert await second.admit(a_request("t1", checksum="c2"), NOW) == QuotaExceeded(limit=1, current=1)
        granted = await second.admit(a_request("t2", checksum="c1"), NOW)
        assert isinstance(granted, Granted)
        assert (granted.opened, granted.download.reserved_until) == (False, UNTIL)
        assert await second.settle("t2", Outcome(delivered_bytes=SIZE, is_completed=True), NOW)

        assert (await env.used(), await env.active()) == (1, 0)
        assert await env.ledger.give_back(UNTIL + HOUR) == 0
        assert await env.used() == 1

    async def test_another_user_has_nothing_of_it(self, env: LedgerEnvironment) -> None:
        await env.ledger.set_limits(BOB, limits(0, -1))
        await set_aside(env, "c1")

        assert isinstance(await env.ledger.admit(a_request("t1", account=BOB), NOW), QuotaExceeded)

    async def test_what_nobody_came_for_is_given_back_once(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=2)
        await set_aside(env, "c1", "c2")

        assert await env.ledger.give_back(UNTIL - timedelta(microseconds=1)) == 0
        assert await env.ledger.give_back(UNTIL) == 2
        assert await env.ledgers[1].give_back(UNTIL) == 0

        assert await env.used() == 0
        assert (await set_aside(env, "c3", "c4", now=UNTIL, until=UNTIL + HOUR)).units == 2

    async def test_two_instances_give_back_at_once_and_never_twice(self, env: LedgerEnvironment) -> None:
        await env.granted(a_request("t1", checksum="held"))
        await set_aside(env, *(f"c{number}" for number in range(20)))

        counts = await asyncio.gather(*(ledger.give_back(UNTIL) for ledger in env.ledgers))

        assert (sum(counts), await env.used()) == (20, 1)

    async def test_more_than_fit_one_transaction_are_given_back(self, env: LedgerEnvironment) -> None:
        await set_aside(env, *(f"c{number}" for number in range(300)))

        assert await env.ledger.give_back(UNTIL) == 300
        assert await env.used() == 0

    async def test_an_end_without_a_byte_leaves_it_set_aside(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=1)
        await set_aside(env, "c1")
        await env.granted(a_request("t1"))

        await env.ledger.settle("t1", Outcome(delivered_bytes=0), NOW)
        assert await env.used() == 1
        assert not (await env.granted(a_request("t2"))).opened

        assert await env.ledger.give_back(UNTIL) == 0
        await env.ledger.settle("t2", Outcome(delivered_bytes=0), UNTIL)
        assert (await env.used(), await env.ledger.give_back(UNTIL)) == (0, 0)

    async def test_a_crash_while_it_is_fetched_heals(self, env: LedgerEnvironment) -> None:
        await set_aside(env, "c1")
        await env.granted(a_request("t1"))

        assert await env.ledger.sweep(UNTIL + HOUR) == 1

        assert (await env.used(), await env.active()) == (0, 0)

    async def test_a_purge_takes_no_unit_along(self, env: LedgerEnvironment) -> None:
        await set_aside(env, "c1")

        assert await env.ledger.purge(UNTIL + HOUR) == 0
        assert await env.ledger.give_back(UNTIL + HOUR) == 1
        assert await env.ledger.purge(UNTIL + HOUR) == 1
        assert await env.used() == 0

    async def test_a_forgotten_user_leaves_no_reservation(self, env: LedgerEnvironment) -> None:
        done = await set_aside(env, "c1")
        await env.ledger.forget(done.account.key)

        assert await env.ledger.give_back(UNTIL) == 0

    async def test_the_time_can_be_changed(self, env: LedgerEnvironment) -> None:
        await set_aside(env, "c1")

        assert (await set_aside(env, "c1", until=UNTIL + HOUR)).units == 0
        assert await env.ledger.give_back(UNTIL) == 0
        assert (await set_aside(env, "c1", until=NOW + timedelta(seconds=1))).units == 0
        assert await env.ledger.give_back(NOW + timedelta(seconds=1)) == 1

    async def test_carts_and_downloads_at_once_never_overshoot(self, env: LedgerEnvironment) -> None:
        await env.set(maxQuota=10)
        first, second = env.ledgers

        carts = (
            ledger.reserve(a_cart(f"a{number}", f"b{number}", prefix=f"{name}{number}"), UNTIL, NOW)
            for name, ledger in (("x", first), ("y", second))
            for number in (range(5) if name == "x" else range(5, 10))
        )
        downloads = (
            ledger.admit(a_request(f"t{id(ledger)}", checksum=f"t{id(ledger)}"), NOW) for ledger in env.ledgers
        )
        decisions = await asyncio.gather(*carts, *downloads)

        taken = sum(
            decision.units if isinstance(decision, Reserved) else 1
            for decision in decisions
            if isinstance(decision, Reserved | Granted)
        )
        assert await env.used() == taken
        assert 9 <= taken <= 10
