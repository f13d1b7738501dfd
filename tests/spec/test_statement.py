"""Statements: whatever order messages arrive in, the newest counts in the end, and whoever waits for an answer wins."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.statement import Statement
from tests.factories import NOW

SECOND = timedelta(seconds=1)
HALF = timedelta(milliseconds=500)
LONG_AFTER = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("sent_at", "last_said_at", "is_news"),
    [
        (NOW, None, True),
        (NOW + SECOND, NOW, True),
        (NOW, NOW + SECOND, False),
        (NOW, NOW, True),
        # A whole second may be any instant in it.
        (NOW, NOW + HALF, True),
        (NOW + HALF, NOW + HALF + timedelta(microseconds=1), False),
        (NOW + HALF, NOW + HALF, True),
        # Ahead of our clock: it is said now.
        (LONG_AFTER + SECOND, LONG_AFTER, True),
        # Without an instant: said at its arrival.
        (None, NOW, True),
        (None, LONG_AFTER + SECOND, False),
    ],
)
def test_a_message_is_news_unless_something_was_said_after_it(sent_at, last_said_at, is_news):
    assert Statement.heard(sent_at, LONG_AFTER).is_news(last_said_at) is is_news


@given(last=st.none() | st.datetimes().map(lambda value: value.replace(tzinfo=NOW.tzinfo)))
def test_who_waits_for_an_answer_is_never_overtaken(last):
    statement = Statement.asked(NOW)

    assert statement.is_news(last)
    assert last is None or statement.noted(last) >= last


@pytest.mark.parametrize(
    ("ended_at", "began_at", "is_news"),
    [
        (NOW, NOW, False),
        (NOW, NOW - SECOND, False),
        (NOW, NOW + SECOND, True),
        (NOW + HALF, NOW + HALF, False),
        (NOW + HALF, NOW + HALF + timedelta(microseconds=1), True),
        # Nobody knows which was sent first.
        (NOW, None, True),
    ],
)
def test_the_end_of_what_was_never_heard_of_ends_what_began_before_it(ended_at, began_at, is_news):
    end = Statement.heard(ended_at, LONG_AFTER).of_what_is_missing()

    assert Statement.heard(began_at, LONG_AFTER).is_news(end.noted(None)) is is_news


def test_a_sender_whose_clock_is_ahead_silences_nobody():
    ahead = Statement.heard(LONG_AFTER, NOW)

    assert Statement.heard(NOW + SECOND, NOW + SECOND).is_news(ahead.noted(None))


@given(st.lists(st.integers(0, 10**7), unique=True, min_size=1), st.booleans())
def test_what_the_newest_says_counts_in_the_end_in_whatever_order_they_arrive(offsets, repeats):
    said: datetime | None = None
    counts = None
    # Fractions other than zero: each instant is itself.
    arrivals = [NOW + timedelta(microseconds=2 * offset + 1) for offset in offsets] * (2 if repeats else 1)
    arrivals = [instant for instant in arrivals if instant.microsecond]
    for instant in arrivals:
        statement = Statement.heard(instant, LONG_AFTER)
        if statement.is_news(said):
            said, counts = statement.noted(said), instant

    assert counts == max(arrivals, default=None)
