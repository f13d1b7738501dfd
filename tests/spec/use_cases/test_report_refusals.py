"""Users are told of their refused downloads, all of some time together."""

import pytest

from application.delivery.refusals import MOST_USERS, Refusals
from application.errors import DatabaseUnavailable
from application.use_cases.report_refusals import ReportRefusals
from domain.access import ANONYMOUS_EMAIL
from domain.account import AccountKey
from domain.quota import QuotaExceeded, VersionChanged
from tests.factories import ALICE, BOB, TENANT
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

QUOTA = QuotaExceeded(limit=1, current=1)
LINE = "Could not download file {}: download quota exceeded."


def told(world: World) -> list[tuple[object, object]]:
    return [(row.payload["email"], row.payload["message"]) for row in world.tables.outbox.values()]


async def test_each_user_is_told_once_of_all_refusals():
    world, refusals = World(), Refusals()
    refusals.note(ALICE, "a", QUOTA)
    refusals.note(BOB, "b", QUOTA)
    refusals.note(ALICE, "c", QUOTA)
    report = ReportRefusals(refusals, world.unit_of_work, world.clock)

    assert await report.execute() == 2
    assert await report.execute() == 0

    assert told(world) == [
        (ALICE.email, f"{LINE.format('a')}\n{LINE.format('c')}"),
        (BOB.email, LINE.format("b")),
    ]


async def test_what_could_not_be_stored_is_told_later_and_in_order():
    world, refusals = World(), Refusals()
    report = ReportRefusals(refusals, world.unit_of_work, world.clock)
    refusals.note(ALICE, "a", QUOTA)
    world.database.is_down = True
    with pytest.raises(DatabaseUnavailable):
        await report.execute()
    world.database.is_down = False
    refusals.note(ALICE, "b", QUOTA)

    await report.execute()

    assert told(world) == [(ALICE.email, f"{LINE.format('a')}\n{LINE.format('b')}")]


def test_nobody_is_told_of_what_no_limit_of_theirs_refused():
    refusals = Refusals()
    refusals.note(ALICE, "a", VersionChanged())
    refusals.note(AccountKey(TENANT, ANONYMOUS_EMAIL), "a", QUOTA)
    refusals.note(AccountKey.of_ticket(TENANT, "k"), "a", QUOTA)

    assert refusals.take() == {}


def test_the_memory_is_bounded():
    refusals = Refusals()
    for number in range(MOST_USERS + 1):
        refusals.note(AccountKey(TENANT, f"u{number}@x.org"), "a", QUOTA)
    for _ in range(100):
        refusals.note(AccountKey(TENANT, "u0@x.org"), "a", QUOTA)

    taken = refusals.take()
    assert len(taken) == MOST_USERS
    assert len(taken[AccountKey(TENANT, "u0@x.org")].lines) == 3
