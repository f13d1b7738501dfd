"""Upstream's subset of Lucene's query language: what each form means, and where reading ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.query.lucene import parse
from domain.search import (
    EVERYTHING,
    LONGEST_QUERY,
    MOST_CRITERIA,
    AllOf,
    AnyOf,
    Between,
    Equals,
    Exists,
    Field,
    FitsExpression,
    HasWords,
    Like,
    Not,
    QueryInvalid,
)

A, B, C = Field("a"), Field("b"), Field("c")


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("a:x", HasWords(A, "x")),
        ("properties.a:x", HasWords(A, "x")),
        ("properties.a.b:x", HasWords(Field("a.b"), "x")),
        ('a:"x y"', Equals(A, "x y")),
        ('a:"x \\" y"', Equals(A, 'x " y')),
        ('a:"x && y || !z"', Equals(A, "x && y || !z")),
        ("a:x b:y", AnyOf((HasWords(A, "x"), HasWords(B, "y")))),
        ("a:x OR b:y", AnyOf((HasWords(A, "x"), HasWords(B, "y")))),
        ("a:x || b:y", AnyOf((HasWords(A, "x"), HasWords(B, "y")))),
        ("a:x AND b:y", AllOf((HasWords(A, "x"), HasWords(B, "y")))),
        ("a:x&&b:y", AllOf((HasWords(A, "x"), HasWords(B, "y")))),
        ("a:x AND b:y OR c:z", AnyOf((AllOf((HasWords(A, "x"), HasWords(B, "y"))), HasWords(C, "z")))),
        ("a:x AND (b:y OR c:z)", AllOf((HasWords(A, "x"), AnyOf((HasWords(B, "y"), HasWords(C, "z")))))),
        ("a:(x OR y)", AnyOf((HasWords(A, "x"), HasWords(A, "y")))),
        ("NOT a:x", Not(HasWords(A, "x"))),
        ("!a:x", Not(HasWords(A, "x"))),
        ("a:x AND NOT b:y", AllOf((HasWords(A, "x"), Not(HasWords(B, "y"))))),
        ("+a:x -b:y c:z", AllOf((HasWords(A, "x"), Not(HasWords(B, "y")), AnyOf((HasWords(C, "z"),))))),
        ("a:x*", Like(A, "x*")),
        ("a:x?y", Like(A, "x?y")),
        ("a:x\\*y", HasWords(A, "x*y")),
        ("a:x!y", HasWords(A, "x!y")),
        ("a:/x.y/", FitsExpression(A, "x.y")),
        ("a:/x&&y/", FitsExpression(A, "x&&y")),
        ("a:/.*/", Exists(A)),
        ("a:*", Exists(A)),
        ("a:[1 TO 2]", Between(field=A, lower="1", upper="2")),
        ("a:{1 TO 2}", Between(field=A, lower="1", upper="2", includes_lower=False, includes_upper=False)),
        ("a:[* TO -2.5]", Between(field=A, lower=None, upper="-2.5")),
        ("a:[2020-01-01T00:00:00Z TO *]", Between(field=A, lower="2020-01-01T00:00:00Z", upper=None)),
        ("a:>=3", Between(field=A, lower="3", upper=None)),
        ("a:-3", HasWords(A, "-3")),
        ("a:x\\:y", HasWords(A, "x:y")),
        ("id:URN:AIP:DATA:demo:1", HasWords(Field("id"), "URN:AIP:DATA:demo:1")),
        ("tags:URN:AIP:DATASET:*", Like(Field("tags"), "URN:AIP:DATASET:*")),
    ],
)
def test_each_form_has_its_meaning(query, meaning):
    assert parse(query) == meaning


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("free", 0),
        ('a:"x', 2),
        ("a:[1 TO", 7),
        ("a:x AND", 7),
        ("a:x && (b:y", 11),
        ("a:x || b:y~2", 9),
        ("a:x^3", 2),
        ("a:x AND free", 8),
        ("a:", 2),
        ("a..b:x", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_position(query, position):
    with pytest.raises(QueryInvalid) as refused:
        parse(query)
    assert refused.value.position == position


@pytest.mark.parametrize(
    "query",
    [
        "a:" + "x" * LONGEST_QUERY,
        "(" * 400 + "a:x" + ")" * 400,
        "a:" + "(" * 400 + "x" + ")" * 400,
        " ".join(f"f{number}:x" for number in range(MOST_CRITERIA + 1)),
    ],
)
def test_what_would_cost_too_much_is_refused(query):
    with pytest.raises(QueryInvalid):
        parse(query)


@given(st.text(alphabet=st.sampled_from('ab:"/\\()[]{}+-!&|*?~^<>= TO\tANDORé\x00')) | st.text(max_size=60))
def test_whatever_comes_is_read_or_refused(query):
    try:
        parse(query)
    except QueryInvalid as refused:
        position = refused.position
    else:
        position = None

    assert position is None or 0 <= position <= len(query)


@given(st.text(min_size=1, max_size=40).filter(lambda text: "\x00" not in text))
def test_every_text_can_be_looked_for_in_quotes(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')

    assert parse(f'a:"{quoted}"') == Equals(A, text)
