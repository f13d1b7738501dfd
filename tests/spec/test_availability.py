"""Whether a file can be read now: the best copy decides, and no answer is not the same as no."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.availability import (
    Availability,
    CopyAvailability,
    is_ours,
    of_file,
    require_few,
    to_ask,
)
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.errors import InvalidValue
from domain.selection import Copy, Readiness, in_cache, in_order_of_choice, kept_readable, readiness
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_location, a_storage

ONLINE, NEARLINE, OFFLINE = StorageType.ONLINE, StorageType.NEARLINE, StorageType.OFFLINE
HOUR = timedelta(hours=1)

AVAILABLE = CopyAvailability(state=Availability.AVAILABLE)
FOR_AN_HOUR = CopyAvailability(state=Availability.AVAILABLE, until=NOW + HOUR)
RESTORING = CopyAvailability(state=Availability.RESTORING)
UNAVAILABLE = CopyAvailability(state=Availability.UNAVAILABLE)
ERROR = CopyAvailability(state=Availability.ERROR, message="It does not answer.")


def a_copy(
    storage_type: StorageType = NEARLINE,
    name: str = "store",
    *,
    active: bool = True,
    suspect: bool = False,
    cooling: bool = False,
    configured: bool = True,
) -> Copy:
    location = a_location(storage=name, suspect_since=NOW if suspect else None)
    storage = a_storage(name, storage_type=storage_type, active=active)
    return Copy(location, storage if configured else None, cooling_until=NOW + HOUR if cooling else None)


def cached(storage: str = INTERNAL_CACHE, *, expires_in: timedelta = HOUR) -> CachedCopy:
    return CachedCopy(
        tenant=TENANT,
        checksum="c1",
        storage=storage,
        url="memory:///cached",
        size_bytes=1,
        published_at=NOW - HOUR,
        expires_at=NOW + expires_in,
    )


def said(*copies: Copy, answer: CopyAvailability | None = None) -> tuple[Availability, object]:
    found = of_file(copies, lambda _copy: answer, NOW)
    return found.state, found.until


copies = st.lists(
    st.one_of(
        st.builds(
            a_copy,
            st.sampled_from(list(StorageType)),
            st.sampled_from("abc"),
            active=st.booleans(),
            suspect=st.booleans(),
            cooling=st.booleans(),
            configured=st.booleans(),
        ),
        st.builds(in_cache, st.builds(cached, expires_in=st.sampled_from([-HOUR, timedelta(0), HOUR]))),
        st.builds(kept_readable, st.builds(a_copy), st.builds(cached, st.just("store"))),
    ),
    max_size=5,
)
answers = st.sampled_from([None, AVAILABLE, FOR_AN_HOUR, RESTORING, UNAVAILABLE, ERROR])


def test_an_online_copy_is_available_without_a_date():
    assert said(a_copy(ONLINE)) == (Availability.AVAILABLE, None)


def test_an_offline_copy_is_not_available():
    assert said(a_copy(OFFLINE)) == (Availability.UNAVAILABLE, None)


def test_a_file_without_copies_is_not_available():
    assert said() == (Availability.UNAVAILABLE, None)


def test_a_fresh_cached_copy_is_available_until_it_expires():
    assert said(in_cache(cached()), a_copy(), answer=UNAVAILABLE) == (Availability.AVAILABLE, NOW + HOUR)


def test_an_expired_cached_copy_hides_no_other():
    expired = in_cache(cached(expires_in=-HOUR))

    assert said(expired, a_copy(ONLINE)) == (Availability.AVAILABLE, None)
    assert said(expired, a_copy(), answer=FOR_AN_HOUR) == (Availability.AVAILABLE, NOW + HOUR)
    assert said(expired, a_copy(), answer=UNAVAILABLE) == (Availability.UNAVAILABLE, None)


def test_a_copy_that_its_storage_keeps_readable_is_available_until_then_and_nobody_is_asked():
    kept = kept_readable(a_copy(), cached("store"))

    assert to_ask([kept], NOW) == ()
    assert said(kept) == (Availability.AVAILABLE, NOW + HOUR)


@pytest.mark.parametrize("answer", [AVAILABLE, FOR_AN_HOUR, RESTORING, UNAVAILABLE, ERROR])
def test_a_nearline_copy_is_what_its_storage_says(answer):
    assert to_ask([a_copy()], NOW) == (a_copy(),)
    assert of_file([a_copy()], lambda _copy: answer, NOW) == answer


def test_what_a_storage_said_is_over_when_its_date_is_past():
    past = CopyAvailability(state=Availability.AVAILABLE, until=NOW)

    assert said(a_copy(), answer=past) == (Availability.UNAVAILABLE, None)


def test_the_copy_that_is_readable_longest_decides():
    soon, later = a_copy(name="soon"), a_copy(name="later")
    until = {"soon": NOW + HOUR, "later": NOW + 2 * HOUR}

    found = of_file(
        [soon, later],
        lambda copy: CopyAvailability(state=Availability.AVAILABLE, until=until[copy.location.storage]),
        NOW,
    )

    assert found.until == NOW + 2 * HOUR


@pytest.mark.parametrize("trouble", [{"active": False}, {"suspect": True}, {"cooling": True}])
@pytest.mark.parametrize("storage_type", [ONLINE, NEARLINE])
def test_a_copy_in_trouble_is_neither_asked_about_nor_available_nor_missing(storage_type, trouble):
    copy = a_copy(storage_type, **trouble)

    assert to_ask([copy], NOW) == ()
    assert said(copy, answer=AVAILABLE) == (Availability.ERROR, None)


def test_a_copy_on_an_unknown_storage_is_just_not_available():
    assert said(a_copy(configured=False)) == (Availability.UNAVAILABLE, None)


def test_a_file_that_is_only_on_the_web_is_not_ours():
    assert not is_ours([a_copy(name="Web", configured=False)])
    assert is_ours([a_copy(name="web")])
    assert is_ours([a_copy(name="web", configured=False), a_copy(OFFLINE)])


def test_at_most_a_hundred_files_are_asked_about_at_once():
    few = [f"c{i}" for i in range(100)]
    require_few([*few, "c0"])

    with pytest.raises(InvalidValue) as refused:
        require_few([*few, "c100"])

    assert str(refused.value) == (
        "A maximum of 100 products per call is allowed. This behaviour is to avoid flooding the datalake"
    )


@given(copies)
def test_nobody_is_asked_when_something_is_readable_anyway(found):
    ready = [copy for copy in in_order_of_choice(found, NOW) if not copy.is_cooling(NOW)]

    assert not (ready and to_ask(found, NOW))
    if ready:
        assert of_file(found, lambda _copy: ERROR, NOW).is_readable(NOW)


@given(copies, answers)
def test_a_file_is_available_exactly_when_a_copy_is(found, answer):
    ready = [copy for copy in in_order_of_choice(found, NOW) if not copy.is_cooling(NOW)]
    asked = to_ask(found, NOW)

    is_available = of_file(found, lambda copy: answer if copy in asked else None, NOW).is_readable(NOW)

    assert is_available == bool(ready or (asked and answer is not None and answer.is_readable(NOW)))


@given(copies, answers)
def test_a_file_is_unavailable_only_when_every_copy_surely_is(found, answer):
    asked = to_ask(found, NOW)
    state = of_file(found, lambda copy: answer if copy in asked else None, NOW).state

    sure = all(
        readiness(copy, NOW) is Readiness.NEVER or (copy in asked and answer is not None and answer == UNAVAILABLE)
        for copy in found
    )
    assert (state is Availability.UNAVAILABLE) == sure


@given(copies, answers, st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(found, answer, random):
    shuffled = random.sample(found, len(found))

    one, other = (of_file(order, lambda _copy: answer, NOW) for order in (found, shuffled))
    assert (one.state, one.until) == (other.state, other.until)


@given(copies, answers)
def test_a_date_is_only_given_for_what_is_available_and_lies_ahead(found, answer):
    said_of = of_file(found, lambda _copy: answer, NOW)

    assert said_of.until is None or (said_of.state is Availability.AVAILABLE and said_of.until > NOW)
