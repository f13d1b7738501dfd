"""Queries that the service writes are read as what they were written from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.query.lucene import parse
from adapters.query.reader import LuceneQueries
from adapters.query.writing import written
from domain.search import AllOf, Between, Equals, Field, QueryInvalid

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\n"), min_size=1, max_size=8).filter(
    lambda name: all(name.split("."))
)
EQUALS = st.builds(Equals, st.builds(Field, NAMES), TEXTS)
BETWEEN = st.builds(
    Between,
    field=st.builds(Field, NAMES),
    lower=TEXTS | st.none(),
    upper=TEXTS | st.none(),
    includes_lower=st.booleans(),
    includes_upper=st.booleans(),
)


@settings(max_examples=300)
@given(EQUALS | BETWEEN)
def test_a_criterion_is_read_as_it_was_written(criterion):
    assert parse(written(criterion)) == criterion


@settings(max_examples=100)
@given(EQUALS, EQUALS | BETWEEN)
def test_a_query_is_narrowed_by_a_criterion(first, second):
    queries = LuceneQueries()

    assert parse(queries.narrowed(written(first), second)) == AllOf((first, second))
    assert parse(queries.narrowed(" ", second)) == second


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Equals(Field("model"), "scene"), 'model:"scene"'),
        (Equals(Field("region name"), 'a"b\\c'), 'properties.region\\ name:"a\\"b\\\\c"'),
        (Equals(Field("properties.deep"), "x"), 'properties.properties.deep:"x"'),
        (
            Between(field=Field("cloud"), lower="-5.0", upper="0.0", includes_upper=False),
            'properties.cloud:["-5.0" TO "0.0"}',
        ),
    ],
)
def test_queries_are_written_plainly(criterion, text):
    assert written(criterion) == text


def test_a_name_with_a_line_break_cannot_be_asked_for():
    with pytest.raises(QueryInvalid):
        parse(written(Equals(Field("two\nlines"), "x")))
