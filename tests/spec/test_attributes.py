"""What of a product is noted for searches."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from domain.attributes import (
    LONGEST_COMPARED,
    LONGEST_WORD,
    MOST_ATTRIBUTES,
    MOST_WORDS,
    Attribute,
    Kind,
    attributes_of,
    number_of,
    words_by_path,
    words_of,
)
from domain.search_values import Pattern
from tests.catalogue_factories import a_product, an_entry
from tests.catalogue_strategies import products


def test_values_are_noted_by_path_each_as_what_it_is():
    product = a_product(
        tags=["blue"],
        files=[an_entry()],
        properties={"a": {"b": [1, "x", True, None]}, "t": "2020-01-01T01:00:00+01:00", "label": "hidden", "": 1},
    )

    assert attributes_of(product) == (
        Attribute(path="label", ordinal=0, kind=Kind.TEXT, text="A scene"),
        Attribute(path="tags", ordinal=0, kind=Kind.TEXT, text="blue"),
        Attribute(path="rawdata", ordinal=0, kind=Kind.TEXT, text="scene.tif"),
        Attribute(path="a.b", ordinal=0, kind=Kind.NUMBER, number=1.0),
        Attribute(path="a.b", ordinal=1, kind=Kind.TEXT, text="x"),
        Attribute(path="a.b", ordinal=2, kind=Kind.BOOLEAN, text="true"),
        Attribute(
            path="t",
            ordinal=0,
            kind=Kind.INSTANT,
            text="2020-01-01T01:00:00+01:00",
            instant=datetime(2020, 1, 1, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Snow, ICE & Straße", ["snow", "ice", "strasse"]),
        ("e\u0301te\u0301", ["été"]),
        ("L'été_2020", ["l", "été", "2020"]),
        ("--", []),
    ],
)
def test_words_are_letters_and_digits_in_any_case(text, words):
    assert list(words_of(text)) == words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3.0),
        ("-2.50", -2.5),
        ("1e3", 1000.0),
        ("1e999", None),
        ("nan", None),
        ("٣", None),
        ("1_0", None),
        ("", None),
    ],
)
def test_a_number_is_what_json_writes(text, number):
    assert number_of(text) == number


@given(products)
def test_what_is_noted_of_any_product_is_bounded(product):
    noted = attributes_of(product)
    words = words_by_path(product)

    assert len(noted) <= MOST_ATTRIBUTES
    assert len({(value.path, value.ordinal) for value in noted}) == len(noted)
    assert all(len(value.text or "") <= LONGEST_COMPARED for value in noted)
    assert all(len(value.folded or "") <= LONGEST_COMPARED for value in noted)
    assert sum(len(found) for found in words.values()) <= MOST_WORDS
    assert all(len(word) <= LONGEST_WORD and word.isalnum() for found in words.values() for word in found)


def test_what_there_is_too_much_of_is_cut():
    product = a_product(properties={"many": list(range(MOST_ATTRIBUTES * 2)), "long": "x " * 100_000})

    assert len(attributes_of(product)) == MOST_ATTRIBUTES


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*c", "abbc", True),
        ("a*c", "abb", False),
        ("a?c", "ac", False),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("*a*b", "xaxab", True),
        ("", "", True),
        ("*", "", True),
    ],
)
def test_a_pattern_fits_as_a_whole(pattern, text, fits):
    assert Pattern.read(pattern, folds=False).fits(text) is fits
