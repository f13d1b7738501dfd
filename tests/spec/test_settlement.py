"""The end of a transfer: rules L3 and L4 of DESIGN section 4, each as a property."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.download import Download
from domain.errors import InvalidValue
from domain.events import DownloadAbandoned, DownloadCompleted
from domain.settlement import POISON_MEMORY, Outcome, Settled, last_known, settle
from tests import strategies
from tests.factories import NOW, SIZE, a_download, a_request, a_ticket, a_transfer, an_account


def settled(outcome, download=None, *, length=SIZE, account=None, ticket=None, now=NOW) -> Settled:
    """Settle one transfer of a download that has just started it."""
    return settle(
        outcome,
        account=account or an_account(units_used=1, active_downloads=1),
        download=download or a_download().with_transfer(length),
        transfer=attrs.evolve(a_transfer(), reserved_bytes=length),
        ticket=ticket,
        now=now,
    )


@st.composite
def endings(draw):
    """A download with running transfers, one of which ends."""
    download = draw(strategies.downloads())
    length = draw(st.just(download.size_bytes) | st.integers(0, download.size_bytes))
    running = draw(st.sampled_from([1, 1, 2, 16]))
    others = draw(st.integers(0, download.size_bytes)) if running > 1 else 0
    download = attrs.evolve(download, transfers=running, reserved_bytes=length + others, is_held=True)
    return draw(strategies.outcomes), download, length


@given(endings(), strategies.INSTANTS)
def test_l3_reserved_minus_delivered_returns_to_the_budget(ending, now):
    outcome, download, length = ending

    after = settled(outcome, download, length=length, now=now).download

    delivered = 0 if outcome.is_corrupt else min(outcome.delivered_bytes, length)
    assert after.reserved_bytes == download.reserved_bytes - length
    assert after.transfers == download.transfers - 1
    if not outcome.is_corrupt:
        assert after.delivered_bytes == download.delivered_bytes + delivered
        assert after.budget_left == download.budget_left + length - delivered
    else:
        assert after.delivered_bytes == 0


@given(endings(), strategies.INSTANTS)
def test_l3_a_unit_goes_back_exactly_when_the_last_transfer_ends_and_nothing_ever_arrived(ending, now):
    outcome, download, length = ending
    account = an_account(units_used=5, active_downloads=3)

    result = settled(outcome, download, length=length, account=account, now=now)

    arrived = download.is_kept or result.download.delivered_bytes > 0 or result.download.is_completed
    goes_back = download.transfers == 1 and not arrived
    assert result.download.is_held is not goes_back
    assert result.download.is_kept is arrived
    assert result.account.units_used == 5 - (goes_back and download.costs_unit)
    if goes_back:
        assert [type(event) for event in result.events] == [DownloadAbandoned]


@given(endings(), strategies.INSTANTS)
def test_l5_the_slot_is_freed_with_the_last_transfer(ending, now):
    outcome, download, length = ending
    account = an_account(units_used=5, active_downloads=3)

    result = settled(outcome, download, length=length, account=account, now=now)

    assert result.account.active_downloads == 3 - (download.transfers == 1 and download.costs_unit)


@given(endings(), strategies.INSTANTS)
def test_what_was_kept_once_stays_kept(ending, now):
    outcome, download, length = ending
    assume(download.is_kept)

    after = settled(outcome, download, length=length, now=now).download

    assert after.is_kept
    assert after.is_held


@given(endings(), strategies.INSTANTS)
def test_only_a_complete_copy_in_one_response_cures_a_poisoned_download(ending, now):
    outcome, download, length = ending

    after = settled(outcome, download, length=length, now=now).download

    cured = outcome.is_completed and length == download.size_bytes
    assert after.is_poisoned is (outcome.is_corrupt or (download.is_poisoned and not cured))
    assert not (after.is_poisoned and after.is_completed)


@given(endings(), strategies.INSTANTS)
def test_completion_is_told_once(ending, now):
    outcome, download, length = ending

    result = settled(outcome, download, length=length, now=now)

    told = [event for event in result.events if isinstance(event, DownloadCompleted)]
    assert len(told) == (result.download.is_completed and not download.is_completed)
    if told:
        assert (told[0].download_id, told[0].size_bytes, told[0].occurred_at) == (
            download.id,
            download.size_bytes,
            now,
        )
        assert (told[0].tenant, told[0].email, told[0].checksum) == ("demo", download.account.email, "c1")


@given(endings(), strategies.INSTANTS)
def test_a_download_can_be_resumed_for_its_window_from_its_last_end_on(ending, now):
    outcome, download, length = ending

    after = settled(outcome, download, length=length, now=now).download

    if outcome.is_corrupt:
        assert after.resumable_until >= now + POISON_MEMORY
    elif after.is_poisoned:
        assert after.resumable_until == max(now + download.resume_window, download.resumable_until)
    else:
        assert after.resumable_until == now + download.resume_window
    assert after.progressed_at == (now if after.delivered_bytes > download.delivered_bytes else download.progressed_at)


@given(endings(), st.integers(0, 5), st.integers(0, 5))
def test_a_ticket_use_follows_the_unit(ending, uses, spent):
    outcome, download, length = ending
    ticket = attrs.evolve(a_ticket(), uses=uses + spent + 1, spent=spent)

    result = settled(outcome, download, length=length, ticket=ticket)

    given_back = not result.download.is_held
    first_kept = result.download.is_kept and not download.is_kept
    assert result.ticket == attrs.evolve(
        ticket, uses=ticket.uses - given_back, spent=ticket.spent + (first_kept and not given_back)
    )


@given(endings())
def test_a_ticket_that_was_purged_meanwhile_is_not_missed(ending):
    outcome, download, length = ending

    assert settled(outcome, download, length=length, ticket=None).ticket is None


def test_a_complete_copy_tells_so():
    result = settled(Outcome(delivered_bytes=SIZE, is_completed=True))

    assert result.download.is_completed
    assert [type(event) for event in result.events] == [DownloadCompleted]


def test_a_range_that_is_sent_completely_completes_no_copy():
    result = settled(Outcome(delivered_bytes=500, is_completed=True), length=500)

    assert not result.download.is_completed
    assert result.events == ()


def test_a_broken_whole_file_cures_nothing():
    poisoned = attrs.evolve(a_download(), is_poisoned=True).with_transfer(SIZE)

    assert settled(Outcome(delivered_bytes=SIZE - 1), poisoned).download.is_poisoned
    assert settled(Outcome(delivered_bytes=SIZE), poisoned).download.is_poisoned
    assert not settled(Outcome(delivered_bytes=SIZE, is_completed=True), poisoned).download.is_poisoned


@pytest.mark.parametrize(
    ("outcome", "completed", "held"),
    [(Outcome(delivered_bytes=0), False, False), (Outcome(delivered_bytes=0, is_completed=True), True, True)],
    ids=["aborted", "complete"],
)
def test_an_empty_file_is_complete_when_its_one_transfer_is(outcome, completed, held):
    empty = a_download(a_request(size=0)).with_transfer(0)

    after = settled(outcome, empty, length=0).download

    assert (after.is_completed, after.is_held) == (completed, held)


def test_poisoned_bytes_complete_nothing():
    poisoned = attrs.evolve(a_download(), delivered_bytes=SIZE - 1, is_poisoned=True).with_transfer(1)

    result = settled(Outcome(delivered_bytes=1, is_completed=True), poisoned, length=1)

    assert not result.download.is_completed
    assert result.events == ()


def test_a_cured_download_is_not_resumable_for_the_memory_of_its_poison():
    poisoned = attrs.evolve(
        a_download().with_transfer(SIZE), is_poisoned=True, resumable_until=NOW + timedelta(days=29)
    )

    after = settled(Outcome(delivered_bytes=SIZE, is_completed=True), poisoned).download

    assert after.resumable_until == NOW + timedelta(days=1)


def test_nobody_delivers_a_negative_number_of_bytes():
    with pytest.raises(InvalidValue):
        Outcome(delivered_bytes=-1)


class TestLastKnown:
    """L4: a transfer whose instance is gone is settled by its last progress."""

    @pytest.mark.parametrize(("progress", "completed"), [(0, False), (1, False), (SIZE - 1, False), (SIZE, True)])
    def test_it_is_complete_when_everything_was_handed_over(self, progress, completed):
        transfer = attrs.evolve(a_transfer(), progress_bytes=progress)

        assert last_known(transfer) == Outcome(delivered_bytes=progress, is_completed=completed)

    def test_an_empty_file_of_a_crashed_instance_was_not_delivered(self):
        assert not last_known(a_transfer(a_request(size=0))).is_completed


def test_two_ends_in_either_order_leave_the_same_books():
    both = a_download().with_transfer(400).with_transfer(600)
    account = an_account(units_used=1, active_downloads=1)

    def ended(first: tuple[int, int], second: tuple[int, int]) -> tuple[object, Download]:
        one = settled(Outcome(delivered_bytes=first[1]), both, length=first[0], account=account)
        two = settled(Outcome(delivered_bytes=second[1]), one.download, length=second[0], account=one.account)
        return two.account, two.download

    assert ended((400, 0), (600, 250)) == ended((600, 250), (400, 0))
