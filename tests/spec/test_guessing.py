"""Guessed passwords: each address waits longer and longer, strangers wait for one another, and the user for nobody."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.access import Role
from domain.guessing import (
    FIRST_LOCK,
    FREE_ATTEMPTS,
    KNOWN_FOR,
    LONGEST_LOCK,
    PACE,
    STRANGERS,
    Attempt,
    Locked,
    Visitor,
    begin_attempt,
    succeed,
)
from domain.user import User
from tests.factories import NOW, TENANT

EMAIL = "alice@x.org"
HOUR = timedelta(hours=1)


def a_user() -> User:
    return User(tenant=TENANT, email=EMAIL, role=Role.REGISTERED_USER, password_hash="2:x", added_at=NOW)


def a_visitor(address: str = "a") -> Visitor:
    return Visitor(tenant=TENANT, email=EMAIL, address=address, tried_at=NOW)


@given(st.integers(1, 60))
def test_each_attempt_after_the_free_ones_locks_its_address_for_longer_up_to_an_hour(attempts: int) -> None:
    user, visitor, now, locks = a_user(), a_visitor(), NOW, []
    for _ in range(attempts):
        begun = begin_attempt(user, visitor, now)
        assert isinstance(begun, Attempt)
        user, visitor = begun.user, begun.visitor
        locks.append(visitor.locked_until - now if visitor.locked_until else timedelta(0))
        if visitor.locked_until is not None:
            just_before = visitor.locked_until - timedelta(microseconds=1)
            assert begin_attempt(user, visitor, just_before) == Locked(visitor.locked_until)
            now = visitor.locked_until

    assert locks[:FREE_ATTEMPTS] == [timedelta(0)] * len(locks[:FREE_ATTEMPTS])
    assert all(lock >= FIRST_LOCK for lock in locks[FREE_ATTEMPTS:])
    assert locks == sorted(locks)
    assert max(locks) <= LONGEST_LOCK


@given(st.lists(st.floats(0, 3600), max_size=400))
def test_strangers_from_everywhere_have_no_more_than_a_burst_and_a_pace(pauses: list[float]) -> None:
    user, now, taken = a_user(), NOW, 0
    for number, pause in enumerate(pauses):
        now += timedelta(seconds=pause)
        begun = begin_attempt(user, a_visitor(f"bot {number}"), now)
        if isinstance(begun, Attempt):
            user, taken = begun.user, taken + 1
        else:
            assert now < begun.until <= now + PACE
            assert isinstance(begin_attempt(user, a_visitor("next"), begun.until), Attempt)

    assert taken <= STRANGERS + (now - NOW) / PACE


@given(st.integers(0, STRANGERS + 50), st.booleans())
def test_whom_strangers_attack_gets_in_from_where_they_are_known_and_ends_no_wait_of_others(
    guesses: int, is_right: bool
) -> None:
    known = succeed(a_user(), a_visitor("home"), NOW).visitor
    user = a_user()
    for number in range(guesses):
        begun = begin_attempt(user, a_visitor(f"bot {number}"), NOW)
        user = begun.user if isinstance(begun, Attempt) else user

    begun = begin_attempt(user, known, NOW + HOUR)

    assert isinstance(begun, Attempt)
    after = succeed(begun.user, begun.visitor, NOW + HOUR) if is_right else begun
    assert after.user.guessed_until == user.guessed_until


def test_a_login_from_a_new_address_makes_it_known_and_counts_as_no_guess() -> None:
    begun = begin_attempt(a_user(), a_visitor(), NOW)
    assert isinstance(begun, Attempt)
    assert begun.user.guessed_until == NOW + PACE

    done = succeed(begun.user, begun.visitor, NOW)

    assert done.user == a_user()
    assert (done.visitor.attempts, done.visitor.locked_until) == (0, None)
    assert done.visitor.is_known(NOW + KNOWN_FOR - PACE)
    assert not done.visitor.is_known(NOW + KNOWN_FOR)
