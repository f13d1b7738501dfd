"""Regular expressions of queries fit what every engine says they fit, and none stalls."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.expression import Expression

_atoms = st.sampled_from(["a", "b", "é", ".", "[ab]", "[^a]", "[a-c]", "\\.", "\\d", "\\W", "[\\]x-]", "\n"])
expressions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + "|".join(parts) + ")"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}"])).map(
            lambda part: f"({part[0]}){part[1]}"
        ),
    ),
    max_leaves=6,
)


@given(expressions, st.text(alphabet="abcé.]x-3\n", max_size=8))
def test_it_fits_what_another_engine_says_it_fits(written, text):
    expected = re.fullmatch(written, text, re.DOTALL | re.ASCII) is not None

    assert Expression(written).fits(text) == expected
    assert (re.fullmatch(Expression(written).rendered(), text, re.DOTALL) is not None) == expected


@pytest.mark.parametrize("written", ["^ab$", "ab"])
def test_it_fits_the_whole_text_whether_it_says_so_or_not(written):
    assert Expression(written).fits("ab")
    assert not Expression(written).fits("xab")


@pytest.mark.parametrize(
    "written",
    ["(", "a)", "a**", "*", "(?=a)", "[b-a]", "[a", "[]", "a{999}", "a{2,1}", "a{x}", "(((a{99}){99}){99})", "\\1",
     "\\b", "a\\", "a$b", "(" * 40 + ")" * 40],
)  # fmt: skip
def test_what_is_outside_of_the_subset_is_refused(written):
    with pytest.raises(InvalidValue):
        Expression(written)


@given(st.text(alphabet="ab()[]{}*+?|^$\\.-,0123é", max_size=20))
def test_whatever_comes_is_read_or_refused(written):
    try:
        read = Expression(written)
    except InvalidValue:
        return
    read.fits("ab")


def test_an_expression_that_stalls_other_engines_answers():
    assert not Expression("(a|a)*(a*)*(a|aa)+b").fits("a" * 200)
