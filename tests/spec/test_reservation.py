"""Units set aside for a cart: charged once, used by the download of that file by that user, given back otherwise."""

from datetime import timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from domain.download import grace_bytes
from domain.quota import Granted, Policy, QuotaExceeded, decide
from domain.reservation import Reserved, give_back, reserve
from domain.settlement import Outcome, settle
from tests.factories import ALICE, LARGE, NOW, SIZE, a_download, a_request, a_transfer, an_account, limits, settings

HOUR = timedelta(hours=1)
UNTIL = NOW + HOUR


def reserved(*requests, account=None, downloads=(), tenant=None, until=UNTIL, now=NOW):
    return reserve(
        requests,
        account=account or an_account(),
        settings=tenant or settings(),
        downloads=downloads,
        policy=Policy(),
        until=until,
        now=now,
    )


def admitted(request, *, account, downloads, tenant=None, now=NOW):
    return decide(
        request,
        account=account,
        settings=tenant or settings(),
        downloads=downloads,
        ticket=None,
        policy=Policy(),
        now=now,
    )


def after(decision: Granted, outcome: Outcome, now=NOW):
    return settle(
        outcome,
        account=decision.account,
        download=decision.download,
        transfer=decision.transfer,
        ticket=None,
        now=now,
    )


def test_a_cart_is_charged_and_nothing_runs():
    cart = [a_request(f"t{number}", checksum=f"c{number}") for number in range(3)]

    done = reserved(*cart, account=an_account(units_used=4))

    assert (done.account.units_used, done.account.active_downloads, done.units) == (7, 0, 3)
    assert [(row.transfers, row.reserved_bytes, row.reserved_until) for row in done.downloads] == [(0, 0, UNTIL)] * 3


def test_all_of_it_or_nothing():
    cart = [a_request(f"t{number}", checksum=f"c{number}") for number in range(3)]

    assert reserved(*cart, account=an_account(units_used=4), tenant=settings(max_quota=6)) == QuotaExceeded(
        limit=6, current=4
    )
    assert reserved(*cart, account=an_account(units_used=3), tenant=settings(max_quota=6)).account.units_used == 6


def test_own_limits_count_before_those_of_the_tenant_and_the_rate_does_not_count():
    mine = an_account(own=limits(0, 0), units_used=0)

    assert reserved(a_request(), account=mine) == QuotaExceeded(limit=0, current=0)
    assert reserved(a_request(), account=an_account(own=limits(1, 0), active_downloads=5)).units == 1


def test_the_download_of_that_file_uses_it_and_costs_no_more():
    done = reserved(a_request(), tenant=settings(max_quota=1))

    decision = admitted(a_request("t2"), account=done.account, downloads=done.downloads, tenant=settings(max_quota=1))

    assert isinstance(decision, Granted)
    assert (decision.opened, decision.account.units_used, decision.account.active_downloads) == (False, 1, 1)
    settled = after(decision, Outcome(delivered_bytes=1))
    assert settled.download.reserved_until is None
    assert (settled.account.units_used, settled.download.resumable_until) == (1, NOW + timedelta(hours=24))


def test_another_file_does_not_use_it():
    done = reserved(a_request(), tenant=settings(max_quota=1))

    other = admitted(a_request("t2", checksum="c2"), account=done.account, downloads=(), tenant=settings(max_quota=1))

    assert other == QuotaExceeded(limit=1, current=1)


def test_who_gets_nothing_keeps_what_was_set_aside_until_its_time():
    done = reserved(a_request())
    decision = admitted(a_request("t2"), account=done.account, downloads=done.downloads)

    early = after(decision, Outcome(delivered_bytes=0))
    late = after(decision, Outcome(delivered_bytes=0), UNTIL)

    assert (early.account.units_used, early.download.reserved_until, early.events) == (1, UNTIL, ())
    assert early.download.is_open(UNTIL - timedelta(seconds=1))
    assert not early.download.is_open(UNTIL)
    assert (late.account.units_used, late.download.is_held, late.download.reserved_until) == (0, False, None)
    assert [type(event).__name__ for event in late.events] == ["DownloadAbandoned"]


def test_wrong_bytes_keep_what_was_set_aside_and_are_remembered():
    done = reserved(a_request())
    decision = admitted(a_request("t2"), account=done.account, downloads=done.downloads)

    corrupt = after(decision, Outcome(delivered_bytes=SIZE - 1, is_corrupt=True))
    again = admitted(a_request("t3", start=5), account=corrupt.account, downloads=[corrupt.download])

    assert (corrupt.account.units_used, corrupt.download.is_poisoned) == (1, True)
    assert (again.opened, again.whole_file, again.account.units_used) == (False, True, 1)


def test_when_its_time_has_come_the_unit_is_given_back_once():
    done = reserved(a_request())
    (download,) = done.downloads

    assert not download.is_reserved_in_vain(UNTIL - timedelta(seconds=1))
    assert download.is_reserved_in_vain(UNTIL)
    freed, account = give_back(download, done.account)
    assert (account.units_used, freed.is_held) == (0, False)
    assert not freed.is_reserved_in_vain(UNTIL + HOUR)


def test_what_is_being_fetched_when_its_time_comes_is_not_taken_away():
    done = reserved(a_request())
    decision = admitted(a_request("t2"), account=done.account, downloads=done.downloads)

    assert not decision.download.is_reserved_in_vain(UNTIL + HOUR)


def test_to_ask_again_charges_nothing_and_the_new_time_counts():
    first = reserved(a_request())

    for hours in (3, 0.5):
        again = reserved(a_request("t2"), account=first.account, downloads=first.downloads, until=NOW + hours * HOUR)
        assert again.units == 0
        assert [(row.id, row.reserved_until) for row in again.downloads] == [("d-t1", NOW + hours * HOUR)]


def test_what_an_open_download_goes_on_with_is_left_alone():
    begun = attrs.evolve(a_download(a_request()), delivered_bytes=100, is_kept=True)

    assert reserved(a_request("t2", start=100), downloads=[begun]) == Reserved(
        account=an_account(), downloads=(), units=0
    )


def test_what_is_not_counted_is_left_alone():
    assert reserved(a_request(is_counted=False)).downloads == ()


def test_the_same_bytes_twice_in_a_cart_are_two_units_as_two_downloads_would_be():
    done = reserved(a_request("t1", size=LARGE), a_request("t2", size=LARGE))

    assert (done.units, len(done.downloads)) == (2, 2)


def test_a_resume_of_other_bytes_than_those_that_were_begun_is_set_aside_as_a_new_copy():
    begun = attrs.evolve(a_download(a_request(size=SIZE + 1)), delivered_bytes=100, is_kept=True)

    assert reserved(a_request("t2", start=100), downloads=[begun]).units == 1


@given(
    st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), st.sampled_from([SIZE, LARGE])), max_size=8),
    st.integers(0, 6),
    st.integers(-1, 6),
    st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), st.integers(0, SIZE)), max_size=3),
)
def test_never_over_and_then_exactly_what_was_set_aside_is_there(cart, used, quota, begun):
    downloads = [
        attrs.evolve(
            a_download(a_request(f"b{number}", checksum=checksum)),
            delivered_bytes=delivered,
            is_kept=delivered > 0,
            is_held=delivered > 0,
        )
        for number, (checksum, delivered) in enumerate(begun)
    ]
    requests = [a_request(f"t{number}", checksum=sum_, size=size) for number, (sum_, size) in enumerate(cart)]
    tenant, account = settings(max_quota=quota), an_account(units_used=used)

    done = reserved(*requests, account=account, downloads=downloads, tenant=tenant)

    if isinstance(done, QuotaExceeded):
        assert quota >= 0
        return
    assert done.units == 0 or quota == -1 or done.account.units_used <= quota
    rows = {row.id: row for row in (*downloads, *done.downloads)}
    account = done.account
    for number, request in enumerate(requests):
        wanted = attrs.evolve(request, transfer_id=f"x{number}", download_id=f"x{number}")
        # With no unit left at all, everything that was asked for can still be had.
        decision = decide(
            wanted,
            account=attrs.evolve(account, limits=limits(0, -1)),
            settings=tenant,
            downloads=[row for row in rows.values() if row.checksum == wanted.checksum],
            ticket=None,
            policy=Policy(),
            now=NOW,
        )
        assert isinstance(decision, Granted)
        rows[decision.download.id] = decision.download
    assert all(row.reserved_bytes + row.delivered_bytes <= row.size_bytes + grace_bytes(SIZE) for row in rows.values())


def test_the_end_of_a_transfer_of_a_download_that_was_never_set_aside_is_as_before():
    download = attrs.evolve(a_download(a_request()), transfers=1, reserved_bytes=SIZE)
    ended = settle(
        Outcome(delivered_bytes=0),
        account=an_account(ALICE, units_used=1, active_downloads=1),
        download=download,
        transfer=a_transfer(a_request()),
        ticket=None,
        now=NOW,
    )

    assert (ended.account.units_used, ended.download.is_held) == (0, False)
