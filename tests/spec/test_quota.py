"""The decision to admit a transfer: rules L1, L2, L5, L6 and L7 of DESIGN section 4, each as a property."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.download import grace_bytes
from domain.quota import (
    ConnectionsExceeded,
    Granted,
    Policy,
    QuotaExceeded,
    RateExceeded,
    VersionChanged,
)
from tests import strategies
from tests.factories import ALICE, LARGE, NOW, SIZE, a_download, a_request, a_ticket, an_account, limits
from tests.spec.deciding import POLICY, after, decided


@given(strategies.situations(), strategies.INSTANTS)
def test_l1_no_grant_takes_units_or_active_downloads_above_their_limit(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    if isinstance(decision, Granted):
        in_force = account.effective_limits(defaults.limits)
        if decision.account.units_used > account.units_used and in_force.max_quota >= 0:
            assert decision.account.units_used <= in_force.max_quota
        if decision.account.active_downloads > account.active_downloads and in_force.rate_limit >= 0:
            assert decision.account.active_downloads <= in_force.rate_limit


@given(strategies.situations(), strategies.INSTANTS)
def test_l2_a_unit_never_promises_more_than_one_copy_and_the_grace(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    if isinstance(decision, Granted):
        download = decision.download
        promised = download.delivered_bytes + download.reserved_bytes
        assert promised <= download.size_bytes + grace_bytes(download.size_bytes)
        if request.start == 0 and not download.is_poisoned:
            assert promised <= download.size_bytes


@given(strategies.situations(), strategies.INSTANTS)
def test_l2_a_unit_is_charged_exactly_when_a_counted_download_opens(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    if isinstance(decision, Granted):
        charged = decision.account.units_used - account.units_used
        assert charged == (decision.opened and decision.download.costs_unit)
        if decision.download.id == request.download_id:
            assert decision.opened
            assert decision.download.costs_unit is request.costs_unit


@given(strategies.situations(), strategies.INSTANTS)
def test_l5_a_slot_is_taken_exactly_by_the_first_connection_of_a_counted_download(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    if isinstance(decision, Granted):
        taken = decision.account.active_downloads - account.active_downloads
        assert taken == (decision.download.transfers == 1 and decision.download.costs_unit)
        assert decision.download.transfers <= POLICY.max_connections


@given(strategies.situations(), strategies.INSTANTS)
def test_l6_a_refusal_says_the_limit_and_is_the_same_when_asked_again(situation, now):
    request, account, defaults, downloads = situation

    first = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)
    again = decided(request, account=account, defaults=defaults, downloads=reversed(downloads), now=now)

    assert first == again
    in_force = account.effective_limits(defaults.limits)
    if isinstance(first, QuotaExceeded):
        assert (first.limit, first.current) == (in_force.max_quota, account.units_used)
        assert 0 <= first.limit <= first.current
    if isinstance(first, RateExceeded):
        assert (first.limit, first.current) == (in_force.rate_limit, account.active_downloads)
        assert 0 <= first.limit <= first.current


@given(strategies.situations(), strategies.INSTANTS)
def test_what_is_not_asked_for_is_left_alone(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    if isinstance(decision, Granted):
        assert (decision.account.key, decision.account.limits) == (account.key, account.limits)
        transfer = decision.transfer
        assert transfer.download_id == decision.download.id
        assert (transfer.id, transfer.account, transfer.instance_id) == ("t-new", request.account, "i1")
        assert (transfer.progress_bytes, transfer.lease_until) == (0, now + POLICY.lease)
        whole = decision.whole_file
        assert (transfer.start, transfer.reserved_bytes) == (
            (0, request.size_bytes) if whole else (request.start, request.length)
        )


@given(strategies.situations(), strategies.INSTANTS)
def test_bytes_that_failed_a_verification_are_never_spliced_onto(situation, now):
    request, account, defaults, downloads = situation

    decision = decided(request, account=account, defaults=defaults, downloads=downloads, now=now)

    is_poisoned = any(d.is_poisoned and d.is_open(now) and d.size_bytes == request.size_bytes for d in downloads)
    if isinstance(decision, Granted):
        assert decision.whole_file is (is_poisoned and not request.is_whole_file)
        assert not is_poisoned or decision.transfer.reserved_bytes == request.size_bytes


@given(strategies.limits, st.integers(0, 9), st.integers(0, 9))
def test_l7_lowered_limits_stop_admissions_and_never_what_runs(lowered, used, active):
    account = an_account(own=lowered, units_used=used, active_downloads=active)
    running = a_download(a_request(size=LARGE)).with_transfer(10)

    assert isinstance(decided(a_request(size=LARGE, start=10), account=account, downloads=[running]), Granted)
    fresh = decided(a_request(size=LARGE, checksum="c2"), account=account)
    may_open = (lowered.max_quota == -1 or used < lowered.max_quota) and (
        lowered.rate_limit == -1 or active < lowered.rate_limit
    )
    assert isinstance(fresh, Granted) is may_open


def test_quota_is_tested_before_rate():
    account = an_account(own=limits(1, 1), units_used=1, active_downloads=1)

    assert decided(a_request(), account=account) == QuotaExceeded(limit=1, current=1)


def test_a_resume_needs_a_slot_but_no_unit():
    account = an_account(own=limits(1, 1), units_used=1, active_downloads=0)
    paused = after(a_download(), delivered=400)

    granted = decided(a_request(start=400), account=account, downloads=[paused])
    assert isinstance(granted, Granted)
    assert (granted.account.units_used, granted.account.active_downloads, granted.opened) == (1, 1, False)
    busy = attrs.evolve(account, active_downloads=1)
    assert decided(a_request(start=400), account=busy, downloads=[paused]) == RateExceeded(limit=1, current=1)


def test_an_uncounted_file_is_free_whatever_the_limits():
    account = an_account(own=limits(0, 0))

    granted = decided(a_request(is_counted=False), account=account)

    assert isinstance(granted, Granted)
    assert granted.account == account


@pytest.mark.parametrize("was_counted", [True, False])
def test_a_download_costs_what_it_cost_when_it_was_opened(was_counted):
    """A file that is registered with another data type meanwhile must not make the counters drift."""
    paused = after(a_download(a_request(is_counted=was_counted)), delivered=10)

    granted = decided(a_request(start=10, is_counted=not was_counted), downloads=[paused])

    assert isinstance(granted, Granted)
    assert granted.account.active_downloads == was_counted
    assert granted.account.units_used == 0


def test_of_several_downloads_a_running_one_comes_first_then_the_oldest():
    oldest, older, running = (
        attrs.evolve(a_download(a_request(t)), opened_at=NOW - timedelta(hours=h))
        for t, h in (("3", 3), ("2", 2), ("1", 1))
    )
    running = running.with_transfer(1)
    request = a_request(start=1, length=1)

    for order in ([oldest, older, running], [running, older, oldest]):
        chosen = decided(request, downloads=order)
        assert isinstance(chosen, Granted)
        assert chosen.download.id == running.id
        idle = decided(request, downloads=[d for d in order if d is not running])
        assert isinstance(idle, Granted)
        assert idle.download.id == oldest.id


def test_a_download_without_room_is_passed_over():
    full, free = after(a_download(a_request("1")), delivered=SIZE), a_download(a_request("2"))

    granted = decided(a_request(), downloads=[full, free])

    assert isinstance(granted, Granted)
    assert granted.download.id == free.id


def test_downloads_of_other_tickets_are_never_continued():
    ticket = a_ticket(email=ALICE.email)
    with_ticket = after(a_download(a_request(ticket_id=ticket.id)), delivered=10)

    plain = decided(a_request("t2", start=10), downloads=[with_ticket])
    assert isinstance(plain, Granted)
    assert plain.opened
    other = decided(a_request("t2", start=10, ticket_id=ticket.id), downloads=[after(a_download())], ticket=ticket)
    assert isinstance(other, Granted)
    assert other.opened


def test_a_range_of_a_file_that_changed_is_refused_and_the_whole_of_it_is_not():
    paused = after(a_download(), delivered=400)
    changed = SIZE + 1

    assert decided(a_request(size=changed, start=400), downloads=[paused]) == VersionChanged()
    assert isinstance(decided(a_request(size=changed), downloads=[paused]), Granted)
    assert isinstance(
        decided(a_request(size=changed, start=400), downloads=[paused, a_download(a_request("2", size=changed))]),
        Granted,
    )
    closed = attrs.evolve(paused, resumable_until=NOW)
    assert isinstance(decided(a_request(size=changed, start=400), downloads=[closed]), Granted)


def test_more_connections_than_the_policy_allows_are_refused():
    policy = Policy(max_connections=2)
    busy = a_download().with_transfer(1)
    request = a_request(start=1, length=1)

    assert isinstance(decided(request, downloads=[busy], policy=policy), Granted)
    assert decided(request, downloads=[busy.with_transfer(1)], policy=policy) == ConnectionsExceeded(limit=2, current=2)
