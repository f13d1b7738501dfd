"""Which copies are read again, in which order, and how fast."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cool_down import after_failure
from domain.errors import InvalidValue
from domain.scrub import ScrubPolicy, oldest_first, scrubbable
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_location, a_storage

DAY = timedelta(days=1)


def a_policy(rate: int = 1000, age: timedelta = 30 * DAY) -> ScrubPolicy:
    return ScrubPolicy(bytes_per_second=rate, age=age)


def test_what_may_be_read_is_online_active_and_not_cooling():
    storages = [
        a_storage("good"),
        a_storage("off", priority=1, active=False),
        a_storage("tape", storage_type=StorageType.NEARLINE),
        a_storage("shelf", storage_type=StorageType.OFFLINE),
        a_storage("cooling", priority=2),
        a_storage("cooled", priority=3),
    ]
    failed = after_failure(None, tenant=TENANT, storage="cooling", reason="It died.", now=NOW)
    cooled = after_failure(None, tenant=TENANT, storage="cooled", reason="It died.", now=NOW - DAY)

    assert [storage.name for storage in scrubbable(storages, [failed, cooled], NOW)] == ["good", "cooled"]


def test_never_verified_copies_come_before_the_oldest():
    old, older = (attrs.evolve(a_location(name), verified_at=NOW - days * DAY) for name, days in (("a", 1), ("b", 2)))
    never = a_location("c")

    assert oldest_first([old, never, older]) == (never, older, old)


def test_nothing_is_due_before_its_age():
    assert a_policy().due_before(NOW) == NOW - 30 * DAY


def test_a_rate_of_nothing_is_off():
    assert not a_policy(0).is_on
    assert a_policy(0).pause(10**9, 0.0) == 0.0


@pytest.mark.parametrize(("rate", "age"), [(-1, DAY), (1, -DAY)])
def test_a_policy_that_makes_no_sense_is_refused(rate, age):
    with pytest.raises(InvalidValue):
        a_policy(rate, age)


@given(
    rate=st.integers(1, 10**10),
    reads=st.lists(st.tuples(st.integers(1, 2**20), st.floats(0, 10)), min_size=1, max_size=30),
)
def test_the_rate_is_never_exceeded(rate, reads):
    policy, elapsed, read = a_policy(rate), 0.0, 0
    for count, took in reads:
        read, elapsed = read + count, elapsed + took
        elapsed += policy.pause(read, elapsed)

        assert read <= rate * elapsed * (1 + 1e-9) + 1e-6
