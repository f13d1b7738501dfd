"""After a failed verification: the whole file in one response, on the same download, until it is right."""

from datetime import timedelta

import attrs

from domain.quota import ConnectionsExceeded, Granted
from tests.factories import LARGE, NOW, SIZE, a_download, a_request
from tests.spec.deciding import after, decided


def test_a_range_is_answered_with_the_whole_file_on_the_same_unit():
    poisoned = attrs.evolve(after(a_download(), poisoned=True), is_kept=True)

    granted = decided(a_request(start=500), downloads=[poisoned])

    assert isinstance(granted, Granted)
    assert (granted.whole_file, granted.opened, granted.account.units_used) == (True, False, 0)


def test_a_given_back_unit_is_charged_anew_and_the_poison_stays():
    poisoned = after(a_download(), poisoned=True, held=False)

    granted = decided(a_request(start=500), downloads=[poisoned])

    assert isinstance(granted, Granted)
    assert (granted.whole_file, granted.opened, granted.account.units_used) == (True, True, 1)
    assert (granted.download.id, granted.download.is_poisoned) == (poisoned.id, True)


def test_when_the_unit_is_used_up_a_new_one_pays_for_the_same_download():
    poisoned = attrs.evolve(after(a_download(a_request(size=LARGE)), delivered=LARGE // 2, poisoned=True))

    granted = decided(a_request(size=LARGE, start=LARGE // 2), downloads=[poisoned], now=NOW + timedelta(hours=1))

    assert isinstance(granted, Granted)
    assert (granted.download.id, granted.opened, granted.account.units_used) == (poisoned.id, True, 1)
    assert (granted.download.delivered_bytes, granted.download.is_kept) == (0, False)
    assert granted.download.opened_at == granted.download.progressed_at == NOW + timedelta(hours=1)


def test_no_range_joins_while_the_whole_file_is_sent():
    poisoned = after(a_download(), poisoned=True).with_transfer(SIZE)

    assert decided(a_request(start=500), downloads=[poisoned]) == ConnectionsExceeded(limit=1, current=1)


def test_the_whole_file_may_be_fetched_beside_it():
    poisoned = after(a_download(), poisoned=True).with_transfer(SIZE)

    granted = decided(a_request("t2"), downloads=[poisoned])

    assert isinstance(granted, Granted)
    assert (granted.opened, granted.whole_file, granted.download.id) == (True, False, "d-t2")


def test_poison_outlives_the_resume_window_only_as_long_as_it_is_remembered():
    poisoned = attrs.evolve(after(a_download(), poisoned=True, held=False), resumable_until=NOW)

    granted = decided(a_request(start=500), downloads=[poisoned])

    assert isinstance(granted, Granted)
    assert not granted.whole_file


def test_a_file_of_another_size_is_not_poisoned():
    poisoned = after(a_download(), poisoned=True)

    granted = decided(a_request(size=SIZE + 1, length=10), downloads=[poisoned])

    assert isinstance(granted, Granted)
    assert not granted.whole_file
