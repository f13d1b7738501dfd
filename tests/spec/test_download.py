"""Requests, transfers and downloads: what lies inside a file, what a lease is, and how long the rest takes."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given

from domain.download import Transfer, grace_bytes
from domain.errors import InvalidValue
from tests import strategies
from tests.factories import NOW, SIZE, a_download, a_request


@pytest.mark.parametrize(
    ("start", "length"), [(-1, 1), (0, -1), (SIZE + 1, 0), (0, SIZE + 1)], ids=["before", "less", "after", "more"]
)
def test_a_transfer_lies_inside_its_file(start, length):
    with pytest.raises(InvalidValue):
        a_request(start=start, length=length)


def test_the_whole_file_starts_at_its_first_byte():
    request = a_request(start=10, length=5)

    assert not request.is_whole_file
    whole = request.for_whole_file()
    assert (whole.start, whole.length, whole.is_whole_file) == (0, SIZE, True)


def test_a_lease_has_expired_from_its_very_instant_on():
    transfer = Transfer.started_by(a_request(), download_id="d", lease=timedelta(seconds=30), now=NOW)

    assert not transfer.is_expired(NOW + timedelta(seconds=30, microseconds=-1))
    assert transfer.is_expired(NOW + timedelta(seconds=30))


def test_the_time_left_is_estimated_from_the_speed_so_far():
    transfer = Transfer.started_by(a_request(), download_id="d", lease=timedelta(seconds=30), now=NOW)

    assert transfer.seconds_left(NOW + timedelta(seconds=10)) is None
    halfway = attrs.evolve(transfer, progress_bytes=SIZE // 2)
    assert halfway.seconds_left(NOW + timedelta(seconds=10)) == 10.0
    assert halfway.seconds_left(NOW) is None
    assert halfway.seconds_left(NOW - timedelta(seconds=5)) is None


@given(strategies.SIZES)
def test_grace_is_five_percent_at_least_eight_mebibytes_at_most_the_file(size):
    assert grace_bytes(size) <= size
    assert grace_bytes(size) in {size, 8 * 1024 * 1024, size // 20}
    assert grace_bytes(size) >= min(size, 8 * 1024 * 1024)
    assert grace_bytes(size) >= size // 20


def test_nothing_delivered_leaves_no_time():
    assert a_download().time_left() == timedelta(0)


def test_the_rest_takes_as_long_as_what_was_delivered_took():
    download = attrs.evolve(a_download(), delivered_bytes=250, progressed_at=NOW + timedelta(minutes=1))

    assert download.time_left() == timedelta(minutes=3)


def test_a_download_within_one_second_counts_as_one():
    assert attrs.evolve(a_download(), delivered_bytes=500).time_left() == timedelta(seconds=1)


def test_more_than_the_file_leaves_no_time():
    assert attrs.evolve(a_download(), delivered_bytes=SIZE + 5).time_left() == timedelta(0)


def test_the_estimate_is_bounded():
    crawling = attrs.evolve(
        a_download(a_request(size=2**50)), delivered_bytes=1, progressed_at=NOW + timedelta(days=10)
    )

    assert crawling.time_left() == timedelta(days=365)


def test_a_file_of_another_size_never_fits_into_a_download():
    assert not a_download(a_request(size=SIZE)).has_room_for(a_request(size=SIZE - 1))
    assert not a_download(a_request(size=SIZE)).has_room_for(a_request(size=SIZE + 1, length=1))


def test_an_empty_file_is_bought_by_its_one_transfer():
    empty = a_download(a_request(size=0))

    assert empty.has_room_for(a_request(size=0))
    assert not empty.with_transfer(0).has_room_for(a_request(size=0))
    assert not attrs.evolve(empty, is_completed=True).has_room_for(a_request(size=0))


def test_the_first_byte_gets_no_grace_except_to_cure_a_poisoned_download():
    begun = attrs.evolve(a_download(), delivered_bytes=1)

    assert not begun.has_room_for(a_request())
    assert begun.has_room_for(a_request(start=1))
    assert attrs.evolve(begun, is_poisoned=True).has_room_for(a_request())


def test_a_download_that_is_paid_again_is_held_again():
    given_back = attrs.evolve(a_download(), is_held=False, is_poisoned=True)

    reopened = given_back.paid_again(NOW).with_transfer(10)

    assert (reopened.is_held, reopened.is_poisoned, reopened.transfers, reopened.reserved_bytes) == (True, True, 1, 10)
