"""Users who may log in: what locks them out, and what a login tells nobody."""

from datetime import timedelta

import attrs
import pytest

from application.use_cases.log_in import LoggedIn, LogIn, LogInRefusal, LogInRefused, LogInRequest
from application.use_cases.manage_users import ChangePassword, RemoveUser, SaveUser, SaveUserRequest
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, InvalidValue, NotFound
from domain.guessing import FIRST_LOCK, FREE_ATTEMPTS, KNOWN_FOR, PACE, STRANGERS
from domain.user import User
from tests.catalogue_factories import a_group, a_licence, an_acceptance
from tests.factories import NOW, TENANT
from tests.fakes.in_memory_users import PlainPasswords
from tests.spec.use_cases.world import World

PASSWORD = "correct horse"
ROOT = Caller(TENANT, "root@x.org", Role.INSTANCE_ADMIN)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.anyio


class Tokens:
    def issue(self, caller, lifetime):
        return f"token of {caller.email} for {lifetime}"


@attrs.define
class Door:
    """A service with a user table, and what knocks on it."""

    world: World = attrs.field(factory=World)
    passwords: PlainPasswords = attrs.field(factory=PlainPasswords)

    @property
    def save(self) -> SaveUser:
        return SaveUser(unit_of_work=self.world.unit_of_work, hasher=self.passwords, clock=self.world.clock)

    @property
    def log_in(self) -> LogIn:
        return LogIn(
            unit_of_work=self.world.unit_of_work,
            hasher=self.passwords,
            issuer=Tokens(),
            clock=self.world.clock,
            lifetime=MINUTE,
        )

    async def with_alice(self, **changes: object) -> "Door":
        await self.save.execute(ROOT, SaveUserRequest(email="alice@x.org", password=PASSWORD, **changes))
        return self

    async def knock(
        self, password: str = PASSWORD, email: str = "alice@x.org", tenant: str = TENANT, address: str = "192.0.2.1"
    ):
        return await self.log_in.execute(LogInRequest(tenant=tenant, email=email, password=password, address=address))


def a_user(**changes: object) -> User:
    known = {"tenant": TENANT, "email": "alice@x.org", "role": Role.REGISTERED_USER, "password_hash": "2:x"}
    return User(**{**known, "added_at": NOW, **changes})


@pytest.mark.parametrize(
    "changes", [{"email": ""}, {"email": "public@regards.com"}, {"role": Role.PUBLIC}, {"role": Role.SYSTEM}]
)
def test_nobody_and_services_have_no_password(changes):
    with pytest.raises(InvalidValue):
        a_user(**changes)


def test_a_user_never_shows_the_hash():
    assert "2:x" not in repr(a_user())


async def test_the_right_password_gives_a_session():
    door = await Door().with_alice(role=Role.EXPLOIT)

    session = await door.knock()

    assert isinstance(session, LoggedIn)
    assert session.user.role is Role.EXPLOIT
    assert session.token.startswith("token of alice@x.org")
    assert session.token not in repr(session)


async def test_an_unknown_user_and_a_wrong_password_are_told_the_same_after_the_same_work():
    door = await Door().with_alice()

    answers = [await door.knock("wrong"), await door.knock(email="bob@x.org"), await door.knock(tenant="other")]

    assert answers == [LogInRefused(reason=LogInRefusal.UNKNOWN)] * 3
    assert door.passwords.checked == 3


async def test_a_locked_user_waits_even_with_the_right_password_and_then_gets_in():
    door = await Door().with_alice()
    for _ in range(FREE_ATTEMPTS + 1):
        assert await door.knock("wrong") == LogInRefused(reason=LogInRefusal.UNKNOWN)
    checked = door.passwords.checked

    assert await door.knock() == LogInRefused(reason=LogInRefusal.LOCKED, retry_after=FIRST_LOCK)
    assert door.passwords.checked == checked
    door.world.clock.advance(FIRST_LOCK)

    assert isinstance(await door.knock(), LoggedIn)
    assert door.world.tables.visitors[TENANT, "alice@x.org", "192.0.2.1"].attempts == 0


async def test_who_guesses_elsewhere_locks_themselves_and_not_the_user():
    door = await Door().with_alice()
    for _ in range(FREE_ATTEMPTS + 1):
        await door.knock("wrong", address="198.51.100.7")

    assert (await door.knock(address="198.51.100.7")).reason is LogInRefusal.LOCKED
    assert isinstance(await door.knock(), LoggedIn)
    assert (await door.knock(address="198.51.100.7")).reason is LogInRefusal.LOCKED


async def test_guesses_from_everywhere_are_bounded_and_the_user_gets_in_from_where_they_are_known():
    door = await Door().with_alice()
    assert isinstance(await door.knock(address="home"), LoggedIn)
    checked = door.passwords.checked
    for number in range(STRANGERS + 50):
        await door.knock("wrong", address=f"bot {number}")

    assert door.passwords.checked - checked == STRANGERS
    assert await door.knock(address="hotel") == LogInRefused(reason=LogInRefusal.LOCKED, retry_after=PACE)
    assert isinstance(await door.knock(address="home"), LoggedIn)
    door.world.clock.advance(PACE)
    assert isinstance(await door.knock(address="hotel"), LoggedIn)
    assert len(door.world.tables.visitors) == STRANGERS + 2


async def test_nobody_remembers_addresses_for_ever():
    door = await Door().with_alice()
    await door.knock(address="home")
    await door.knock("wrong", address="bot")
    door.world.clock.advance(KNOWN_FOR + PACE)

    await door.knock(address="new home")

    assert {address for _, _, address in door.world.tables.visitors} == {"new home"}


async def test_an_inactive_user_is_told_so_only_for_the_right_password():
    door = await Door().with_alice(is_active=False)

    assert await door.knock("wrong") == LogInRefused(reason=LogInRefusal.UNKNOWN)
    assert await door.knock() == LogInRefused(reason=LogInRefusal.INACTIVE)


async def test_an_outdated_hash_is_renewed_at_the_next_login():
    door = await Door().with_alice()
    user = door.world.tables.users[TENANT, "alice@x.org"]
    door.world.tables.users[TENANT, "alice@x.org"] = attrs.evolve(user, password_hash="1:" + PASSWORD)

    assert isinstance(await door.knock(), LoggedIn)

    assert door.world.tables.users[TENANT, "alice@x.org"].password_hash == "2:" + PASSWORD


async def test_a_new_password_ends_a_lock_and_the_old_one():
    door = await Door().with_alice()
    for _ in range(FREE_ATTEMPTS + 1):
        await door.knock("wrong")

    await door.save.execute(ROOT, SaveUserRequest(email="alice@x.org", password="another horse"))

    assert isinstance(await door.knock("another horse"), LoggedIn)
    assert await door.knock() == LogInRefused(reason=LogInRefusal.UNKNOWN)


async def test_a_user_changes_their_own_password_only_by_showing_the_old_one():
    door = await Door().with_alice()
    alice = Caller(TENANT, "alice@x.org", Role.REGISTERED_USER)
    change = ChangePassword(unit_of_work=door.world.unit_of_work, hasher=door.passwords, log_in=door.log_in)

    with pytest.raises(Forbidden):
        await change.execute(alice, "wrong", "another horse")
    await change.execute(alice, PASSWORD, "another horse")

    assert isinstance(await door.knock("another horse"), LoggedIn)


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
async def test_a_password_that_is_too_short_or_too_long_is_refused(password):
    with pytest.raises(InvalidValue):
        await Door().save.execute(ROOT, SaveUserRequest(email="alice@x.org", password=password))


async def test_nobody_makes_anybody_stronger_than_they_are_or_touches_who_is():
    door = await Door().with_alice(role=Role.INSTANCE_ADMIN)
    admin = Caller(TENANT, "admin@x.org", Role.PROJECT_ADMIN)
    remove = RemoveUser(door.world.unit_of_work, door.world.ledger)

    with pytest.raises(Forbidden):
        await door.save.execute(admin, SaveUserRequest(email="bob@x.org", password=PASSWORD, role=Role.INSTANCE_ADMIN))
    with pytest.raises(Forbidden):
        await door.save.execute(admin, SaveUserRequest(email="alice@x.org", password="stolen horse"))
    with pytest.raises(Forbidden):
        await remove.execute(admin, "alice@x.org")
    assert isinstance(await door.knock(), LoggedIn)


async def test_a_removed_user_is_in_no_group_any_more():
    door = await Door().with_alice()
    tables = door.world.tables
    tables.groups[TENANT, "readers"] = a_group()
    tables.user_groups[TENANT, "alice@x.org"] = frozenset({"readers"})

    await RemoveUser(door.world.unit_of_work, door.world.ledger).execute(ROOT, "alice@x.org")

    assert (door.world.tables.users, door.world.tables.user_groups) == ({}, {})


async def test_a_removed_user_leaves_no_acceptance_to_whoever_gets_the_address_next():
    door = await Door().with_alice()
    licence = a_licence()
    mine, theirs = an_acceptance(licence, "alice@x.org"), an_acceptance(licence, "bob@x.org")
    async with door.world.unit_of_work() as work:
        await work.licences.put(licence)
        await work.licences.accept(mine)
        await work.licences.accept(theirs)
        await work.commit()

    await RemoveUser(door.world.unit_of_work, door.world.ledger).execute(ROOT, "alice@x.org")

    assert list(door.world.tables.acceptances.values()) == [theirs]


async def test_a_user_whose_identity_comes_from_elsewhere_is_removed_as_well_and_a_second_time_is_not_found():
    door = Door()
    remove = RemoveUser(door.world.unit_of_work, door.world.ledger)
    await door.world.ledger.set_limits(AccountKey(TENANT, "carol@x.org"), None)

    await remove.execute(ROOT, "carol@x.org")

    assert door.world.tables.accounts == {}
    with pytest.raises(NotFound):
        await remove.execute(ROOT, "carol@x.org")
