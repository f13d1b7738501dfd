"""How long a storage that failed is left alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cool_down import FIRST, FORGOTTEN, LONGEST, CoolDown, after_failure, lasts
from tests.factories import NOW, TENANT

SECOND = timedelta(seconds=1)


def failed(earlier: CoolDown | None, seconds: float) -> CoolDown:
    return after_failure(
        earlier, tenant=TENANT, storage="disk", reason="It died.", now=NOW + timedelta(seconds=seconds)
    )


def test_the_first_failure_is_a_short_cool_down():
    found = failed(None, 0)

    assert (found.cooling_until - NOW, found.failures, found.failed_at) == (FIRST, 1, NOW)
    assert found.is_cooling(NOW)
    assert not found.is_cooling(found.cooling_until)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (8, 300), (10**9, 300)]
)
def test_each_failure_in_a_row_doubles_it_up_to_a_limit(failures, seconds):
    assert lasts(failures) == timedelta(seconds=seconds)


def test_a_failure_during_a_cool_down_changes_nothing():
    first = failed(None, 0)

    assert failed(first, 4.9) is first


def test_a_storage_that_was_well_for_long_starts_anew():
    tenth = failed(failed(None, 0), 6)
    much_later = (tenth.cooling_until + FORGOTTEN - NOW).total_seconds()

    assert failed(tenth, much_later).failures == 1
    assert failed(tenth, much_later - 1).failures == 3


@given(st.lists(st.floats(0, 5000), max_size=40))
def test_whatever_fails_when_it_is_bounded_and_never_shortened(pauses):
    now, found = 0.0, None
    for pause in pauses:
        now += pause
        before, found = found, failed(found, now)

        at = NOW + timedelta(seconds=now)
        assert found.is_cooling(at)
        assert found.cooling_until - found.failed_at == lasts(found.failures)
        assert found.cooling_until <= at + LONGEST
        if before is not None:
            assert found.cooling_until >= before.cooling_until
            assert found.failures <= before.failures + 1
            assert (found is before) == before.is_cooling(at)


@given(st.integers(1, 100), st.integers(1, 100))
def test_more_failures_never_make_it_shorter(one, other):
    fewer, more = sorted((one, other))

    assert FIRST <= lasts(fewer) <= lasts(more) <= LONGEST
