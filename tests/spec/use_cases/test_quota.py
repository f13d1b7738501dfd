"""Reading, setting and forgetting limits."""

import pytest

from application.errors import DatabaseUnavailable
from application.use_cases.forget_user import ForgetUser, ForgetUserRequest
from application.use_cases.read_quota import QuotaView, ReadQuota, ReadQuotaRequest
from application.use_cases.set_quota import SetQuota, SetQuotaRequest
from domain.access import Caller
from domain.errors import Forbidden, InvalidValue, NotFound
from tests.factories import TENANT, a_request, an_account, limits
from tests.spec.use_cases.world import ADMIN, ALICE, BOB, World

pytestmark = pytest.mark.anyio


async def read(world: World, caller: Caller, *emails: str) -> tuple[QuotaView, ...]:
    return await ReadQuota(world.ledger, world.unit_of_work).execute(ReadQuotaRequest(caller, emails))


async def set_limits(world: World, max_quota: int | None, rate_limit: int | None) -> QuotaView:
    request = SetQuotaRequest(tenant=TENANT, email=ALICE.email, max_quota=max_quota, rate_limit=rate_limit)
    return await SetQuota(world.ledger, world.unit_of_work).execute(request)


async def test_a_user_without_own_limits_has_those_of_the_tenant():
    world = World()
    world.tables.settings[TENANT, "maxQuota"] = 50

    (view,) = await read(world, ALICE, ALICE.email)

    assert view == QuotaView(email=ALICE.email, max_quota=50, rate_limit=-1, current_quota=0, current_rate=0)


async def test_the_anonymous_user_inherits_nothing():
    anonymous = Caller.anonymous(TENANT)

    (view,) = await read(World(), anonymous, anonymous.email)

    assert (view.max_quota, view.rate_limit) == (0, 0)


async def test_use_is_what_the_ledger_has_charged():
    world = World()
    await world.ledger.admit(a_request(), world.clock.now())

    (view,) = await read(world, ALICE, ALICE.email)

    assert (view.current_quota, view.current_rate) == (1, 1)


async def test_reading_creates_no_account():
    world = World()

    await read(world, ADMIN, "nobody@example.org", ALICE.email)

    assert world.tables.accounts == {}


async def test_the_answer_has_the_order_of_the_question():
    views = await read(World(), ADMIN, "b@x.org", "a@x.org", "b@x.org")

    assert [view.email for view in views] == ["b@x.org", "a@x.org", "b@x.org"]


async def test_nobody_reads_the_account_of_another_user():
    with pytest.raises(Forbidden):
        await read(World(), ALICE, ALICE.email, BOB.email)


async def test_an_administrator_reads_any_account_of_the_own_tenant_only():
    world = World()
    key = an_account().key
    world.tables.accounts[key] = an_account(own=limits(7, 7))

    (here,) = await read(world, ADMIN, ALICE.email)
    (elsewhere,) = await read(world, Caller("other", ADMIN.email, ADMIN.role), ALICE.email)

    assert (here.max_quota, elsewhere.max_quota) == (7, -1)


async def test_what_can_be_no_email_is_refused():
    with pytest.raises(InvalidValue):
        await read(World(), ADMIN, "ticket:1")


async def test_own_limits_replace_those_of_the_tenant():
    world = World()
    world.tables.settings[TENANT, "maxQuota"] = 50

    view = await set_limits(world, 3, 2)

    assert (view.max_quota, view.rate_limit) == (3, 2)
    assert (await read(world, ALICE, ALICE.email))[0] == view


async def test_a_user_can_be_made_to_inherit_again():
    world = World()
    world.tables.settings[TENANT, "maxQuota"] = 50
    await set_limits(world, 3, 2)

    view = await set_limits(world, None, None)

    assert (view.max_quota, view.rate_limit) == (50, -1)


async def test_setting_limits_keeps_what_was_used():
    world = World()
    await world.ledger.admit(a_request(), world.clock.now())

    view = await set_limits(world, 0, 0)

    assert (view.current_quota, view.current_rate) == (1, 1)


@pytest.mark.parametrize(("max_quota", "rate_limit"), [(-2, 0), (0, -2), (2**53, 0), (0, 2**53), (None, 1), (1, None)])
async def test_limits_that_no_rule_could_accept_change_nothing(max_quota, rate_limit):
    world = World()

    with pytest.raises(InvalidValue):
        await set_limits(world, max_quota, rate_limit)

    assert world.tables.accounts == {}


async def test_a_forgotten_user_starts_from_nothing():
    world = World()
    await world.ledger.admit(a_request(), world.clock.now())

    await ForgetUser(world.ledger).execute(ForgetUserRequest(tenant=TENANT, email=ALICE.email))

    assert (await read(world, ALICE, ALICE.email))[0].current_quota == 0
    assert world.tables.downloads == {}


async def test_who_has_no_account_cannot_be_forgotten():
    with pytest.raises(NotFound):
        await ForgetUser(World().ledger).execute(ForgetUserRequest(tenant=TENANT, email=ALICE.email))


async def test_a_database_that_is_down_is_told():
    world = World()
    world.database.is_down = True

    with pytest.raises(DatabaseUnavailable):
        await read(world, ALICE, ALICE.email)
