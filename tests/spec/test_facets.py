"""Ranges of facets are round, few, and leave nothing out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attributes import number_of
from domain.coverage import instant
from domain.facets import MOST_RANGES, FacetRange, instant_bounds, number_bounds, written
from domain.search import Between, Field

numbers = st.floats(allow_nan=False, allow_infinity=False)
instants = st.datetimes(timezones=st.just(UTC))


@given(numbers, numbers)
def test_ranges_of_numbers_cover_the_span_in_few_steps(one, other):
    lowest, highest = sorted([one, other])
    bounds = number_bounds(lowest, highest)

    assert bounds[0] <= lowest <= highest <= bounds[-1]
    assert 2 <= len(bounds) <= MOST_RANGES + 1
    assert lowest == highest or list(bounds) == sorted(set(bounds))
    assert all(number_of(written(bound)) == bound for bound in bounds)


@given(instants, instants)
def test_ranges_of_instants_cover_the_span_in_few_steps(one, other):
    earliest, latest = sorted([one, other])
    bounds = instant_bounds(earliest, latest)

    assert bounds[0] <= earliest <= latest <= bounds[-1]
    assert 2 <= len(bounds) <= MOST_RANGES + 1
    assert earliest == latest or list(bounds) == sorted(set(bounds))
    assert all(instant(written(bound)) == bound for bound in bounds)


@pytest.mark.parametrize(
    ("lowest", "highest", "bounds"),
    [
        (0, 100, tuple(range(0, 101, 10))),
        (3.5, 97.2, tuple(range(0, 101, 10))),
        (-0.13, 0.11, (-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15)),
        (5, 5, (5, 5)),
    ],
)
def test_ranges_of_numbers_are_round(lowest, highest, bounds):
    assert number_bounds(lowest, highest) == bounds


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (timedelta(microseconds=3), timedelta(microseconds=1)),
        (timedelta(seconds=90), timedelta(seconds=10)),
        (timedelta(hours=20), timedelta(hours=2)),
        (timedelta(days=9), timedelta(days=1)),
    ],
)
def test_ranges_of_instants_are_round(span, step):
    start = datetime(2024, 3, 1, tzinfo=UTC)
    bounds = instant_bounds(start, start + span)

    assert (bounds[0], bounds[1] - bounds[0]) == (start, step)


def test_long_spans_are_cut_at_months_and_years():
    months = instant_bounds(datetime(2024, 1, 15, tzinfo=UTC), datetime(2024, 6, 15, tzinfo=UTC))
    years = instant_bounds(datetime(2015, 5, 15, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))

    assert months == tuple(datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 8))
    assert years == tuple(datetime(year, 1, 1, tzinfo=UTC) for year in range(2015, 2025))


def test_the_bound_between_two_ranges_belongs_to_the_upper_one():
    field = Field("cloud")
    ranges = [FacetRange(lower=0.0, upper=10.0, includes_upper=is_last, count=1) for is_last in (False, True)]

    assert [each.criterion(field) for each in ranges] == [
        Between(field=field, lower="0.0", upper="10.0", includes_upper=False),
        Between(field=field, lower="0.0", upper="10.0", includes_upper=True),
    ]
