"""The rules of restorations: attempts, wishes, room, estimates, and what to do next."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.availability import Availability, CopyAvailability
from domain.cache import Fit, Room, extended, given_back, leaving
from domain.errors import InvalidValue
from domain.restoration import (
    MOST_ATTEMPTS,
    RequestState,
    RestorationState,
    pause_after,
    remaining_wish,
)
from domain.restoration_estimate import LEAST, WITHOUT_HISTORY, Queue, deadline, remaining, usual
from domain.restoration_step import Step, next_step
from tests.contract.unit_of_work_restorations import a_copy, a_request, a_restoration
from tests.factories import NOW

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STARTED = a_restoration().started(reserved_bytes=1000, now=NOW)


def says(state: Availability, until=None) -> CopyAvailability:
    return CopyAvailability(state=state, until=until)


def step(restoration, answer, *, keeps_readable=False, now=NOW) -> Step:
    return next_step(restoration, answer, keeps_readable=keeps_readable, deadline=24 * HOUR, now=now)


@pytest.mark.parametrize("hours", [0, -1, 24 * 3650 + 1])
def test_nobody_asks_for_no_time_or_for_ever(hours):
    with pytest.raises(InvalidValue):
        attrs.evolve(a_request(), available_hours=hours)


def test_a_failed_attempt_is_tried_again_a_few_times_and_frees_its_room():
    restoration = a_restoration()
    for attempt in range(1, MOST_ATTEMPTS):
        restoration = restoration.started(reserved_bytes=1000, now=NOW).failed("torn", NOW, is_retryable=True)
        assert (restoration.state, restoration.reserved_bytes) == (RestorationState.REQUESTED, 0)
        assert restoration.next_attempt_at == NOW + pause_after(attempt)
    last = restoration.started(reserved_bytes=1000, now=NOW).failed("torn", NOW, is_retryable=True)

    assert (last.state, last.reason, last.ended_at, last.reserved_bytes) == (RestorationState.FAILED, "torn", NOW, 0)


def test_what_cannot_be_cured_fails_at_once():
    assert STARTED.failed("gone", NOW, is_retryable=False).state is RestorationState.FAILED


@given(st.integers(0, 100), st.integers(0, 100))
def test_pauses_grow_up_to_an_hour(one, other):
    assert timedelta(seconds=30) <= pause_after(min(one, other)) <= pause_after(max(one, other)) <= HOUR


@given(st.lists(st.integers(1, 1000), min_size=1))
def test_whoever_joins_never_shortens(hours):
    restoration = a_restoration(available_hours=hours[0])
    for more in hours[1:]:
        restoration = restoration.joined(more)

    assert restoration.available_hours == max(hours)


@given(st.integers(1, 10_000), st.lists(st.integers(0, 3000)))
def test_what_fits_never_overfills(limit, sizes):
    room = Room(limit_bytes=limit, cached_bytes=0, reserved_bytes=0)
    for size in sizes:
        match room.fit(size):
            case Fit.FITS:
                room = room.with_reserved(size)
            case Fit.WAITS:
                assert size <= limit < room.used_bytes + size
            case Fit.NEVER:
                assert size > limit
        assert room.used_bytes <= limit


def test_a_limit_that_was_lowered_lets_nothing_in():
    room = Room(limit_bytes=10, cached_bytes=50, reserved_bytes=0)

    assert room.free_bytes == 0
    assert room.fit(1) is Fit.WAITS


def test_only_what_has_expired_leaves_and_the_oldest_expiry_first():
    copies = tuple(a_copy(name, expires_at=NOW + shift * MINUTE) for name, shift in (("a", 0), ("b", -2), ("c", 1)))

    assert [copy.checksum for copy in leaving(copies, NOW)] == ["b", "a"]


@given(st.integers(-100, 100))
def test_a_copy_is_extended_by_asking_and_shortened_by_giving_back(minutes):
    until = NOW + minutes * MINUTE

    assert extended(a_copy(), until).expires_at == max(a_copy().expires_at, until)
    assert given_back(a_copy(), until).expires_at == min(a_copy().expires_at, until)


def test_what_groups_still_wish_is_the_longest_of_those_that_have_the_file():
    has = [a_request(group=f"g{h}", available_hours=h).ended(RequestState.AVAILABLE, NOW) for h in (2, 5)]
    gone = a_request(group="gone", available_hours=99).ended(RequestState.RELEASED, NOW)

    assert remaining_wish([*has, gone, a_request()], NOW + HOUR) == NOW + 5 * HOUR
    assert remaining_wish([gone], NOW + HOUR) == NOW + HOUR


def test_only_a_storage_that_does_nothing_yet_is_asked():
    asked = STARTED.asked(NOW)

    assert step(STARTED, says(Availability.UNAVAILABLE)) is Step.ASK
    assert step(STARTED, says(Availability.RESTORING)) is Step.WAIT
    assert step(asked, says(Availability.UNAVAILABLE)) is Step.WAIT
    assert step(asked, says(Availability.UNAVAILABLE), now=NOW + 10 * MINUTE) is Step.FORGOTTEN


@pytest.mark.parametrize("state", [Availability.RESTORING, Availability.ERROR])
def test_a_storage_without_progress_is_not_waited_for_for_ever(state):
    assert step(STARTED, says(state), now=NOW + 24 * HOUR - MINUTE) is Step.WAIT
    assert step(STARTED, says(state), now=NOW + 24 * HOUR) is Step.STUCK


def test_what_is_readable_is_copied_or_published():
    for_a_day = says(Availability.AVAILABLE, NOW + 24 * HOUR)

    assert step(STARTED, for_a_day) is Step.COPY
    assert step(STARTED, for_a_day, keeps_readable=True) is Step.PUBLISH
    assert step(STARTED, says(Availability.AVAILABLE)) is Step.PUBLISH
    assert step(STARTED, says(Availability.AVAILABLE, NOW)) is Step.ASK


def test_a_storage_that_keeps_files_readable_is_asked_to_keep_them_longer_once():
    for_an_hour = says(Availability.AVAILABLE, NOW + HOUR)

    assert step(STARTED, for_an_hour, keeps_readable=True) is Step.ASK
    assert step(STARTED.asked(NOW), for_an_hour, keeps_readable=True) is Step.PUBLISH


def test_an_estimate_is_the_median_and_what_waits_before():
    took = [HOUR, 2 * HOUR, 9 * HOUR]

    assert usual(took) == 2 * HOUR
    assert usual([]) == WITHOUT_HISTORY
    assert remaining(STARTED, took, Queue(running=1, ahead=9), NOW + HOUR) == HOUR
    assert remaining(STARTED, took, Queue(running=1, ahead=9), NOW + 5 * HOUR) == LEAST
    assert remaining(a_restoration(), took, Queue(running=2, ahead=5), NOW) == 3 * 2 * HOUR
    assert remaining(a_restoration(next_attempt_at=NOW + HOUR), [], Queue(running=0, ahead=0), NOW) == 5 * HOUR


def test_a_slow_storage_is_given_the_time_that_it_needs():
    assert deadline([], 24 * HOUR) == 24 * HOUR
    assert deadline([HOUR, 20 * HOUR], 24 * HOUR) == 60 * HOUR
