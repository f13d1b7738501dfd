"""Tickets: what a state is, and how long one may open and resume."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import AccountKey
from domain.errors import InvalidValue
from domain.ticket import LONGEST_LIFETIME, Ticket, TicketState
from tests import strategies
from tests.factories import BOB, NOW, TENANT, a_ticket

tickets = st.builds(
    lambda lifetime, max_uses, spent, running, revoked: attrs.evolve(
        a_ticket(max_uses=max_uses, expires_in=lifetime),
        spent=spent,
        uses=spent + running,
        revoked_at=NOW if revoked else None,
    ),
    st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    st.none() | st.integers(1, 4),
    st.integers(0, 4),
    st.integers(0, 4),
    st.booleans(),
)


@given(tickets, strategies.INSTANTS)
def test_only_an_issued_ticket_with_a_free_use_opens(ticket: Ticket, now):
    is_free = ticket.max_uses is None or ticket.uses < ticket.max_uses

    assert ticket.may_open(now) is (ticket.state(now) is TicketState.ISSUED and is_free)


@given(tickets, strategies.INSTANTS)
def test_the_state_names_the_strongest_reason(ticket: Ticket, now):
    state = ticket.state(now)

    assert (state is TicketState.REVOKED) is ticket.is_revoked
    if state is TicketState.EXHAUSTED:
        assert ticket.max_uses is not None
        assert ticket.spent >= ticket.max_uses
        assert now < ticket.expires_at
    if state is TicketState.EXPIRED:
        assert now >= ticket.expires_at


@given(tickets, strategies.INSTANTS, strategies.DURATIONS)
def test_a_ticket_that_does_not_open_now_opens_never_again_unless_a_use_comes_back(ticket: Ticket, now, later):
    if not ticket.may_open(now):
        assert not ticket.may_open(now + later)


@given(tickets, strategies.INSTANTS, strategies.DURATIONS, strategies.DURATIONS)
def test_resuming_ends_with_the_cap_and_with_revocation(ticket: Ticket, now, time_left, cap):
    may = ticket.may_resume(time_left, cap=cap, now=now)

    assert not (may and ticket.is_revoked)
    assert not (may and now >= ticket.expires_at + cap)
    assert not (may and now >= ticket.expires_at + 3 * time_left)
    if not ticket.is_revoked and now < ticket.expires_at:
        assert may


def test_the_rest_may_take_three_times_as_long_as_estimated():
    ticket = a_ticket(expires_in=timedelta(hours=1))
    end = NOW + timedelta(hours=1, minutes=30)

    assert ticket.may_resume(timedelta(minutes=10), cap=timedelta(days=1), now=end - timedelta(seconds=1))
    assert not ticket.may_resume(timedelta(minutes=10), cap=timedelta(days=1), now=end)


def test_the_first_revocation_stands():
    revoked = a_ticket().revoked(NOW)

    assert revoked.revoked_at == NOW
    assert revoked.revoked(NOW + timedelta(hours=1)) == revoked


def test_uses_are_taken_given_back_and_spent():
    ticket = a_ticket(max_uses=1).with_use_taken()

    assert not ticket.may_open(NOW)
    assert ticket.state(NOW) is TicketState.ISSUED
    assert ticket.with_use_given_back() == a_ticket(max_uses=1)
    assert ticket.with_use_spent().state(NOW) is TicketState.EXHAUSTED


def test_a_ticket_belongs_to_its_user_or_to_itself():
    assert a_ticket(email=BOB.email).account == BOB
    assert a_ticket("k7").account == AccountKey.of_ticket(TENANT, "k7")


@pytest.mark.parametrize(
    "lifetime", [timedelta(0), timedelta(seconds=-1), LONGEST_LIFETIME + timedelta(microseconds=1)]
)
def test_a_lifetime_is_positive_and_bounded(lifetime):
    with pytest.raises(InvalidValue):
        a_ticket(expires_in=lifetime)


def test_the_longest_lifetime_is_allowed():
    assert a_ticket(expires_in=LONGEST_LIFETIME).may_open(NOW)


@pytest.mark.parametrize("max_uses", [0, -1])
def test_a_ticket_allows_at_least_one_download(max_uses):
    with pytest.raises(InvalidValue):
        a_ticket(max_uses=max_uses)
