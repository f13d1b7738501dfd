"""Whatever a search asks for is understood, or refused in words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.exceptions import ValidationException

from adapters.http.stac.queries import geometry, listed, numbers, place_of, query_of
from tests.catalogue_factories import a_product, a_urn
from tests.catalogue_strategies import geometries, json_values, urns

TEXTS = st.text(max_size=30) | st.from_regex(r"[0-9TZ:./, +-]{0,40}", fullmatch=True)
NESTED = st.recursive(st.floats() | st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4))
SHAPES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "MultiPoint", "LineString", "Polygon", "MultiPolygon", "Circle"]),
        "coordinates": NESTED,
    }
)
PRODUCTS = [a_product(geometry={"type": "Point", "coordinates": [1, 2]}), a_product()]


@given(
    st.none() | st.lists(TEXTS | urns.map(str), max_size=3),
    st.none() | st.lists(TEXTS | urns.map(str), max_size=3),
    st.none() | st.lists(st.floats(), max_size=7),
    st.none() | TEXTS,
    st.none() | SHAPES | st.dictionaries(st.text(max_size=4), json_values, max_size=2) | geometries,
)
def test_a_query_is_understood_or_refused(ids, collections, bbox, when, intersects):
    try:
        query = query_of(ids=ids, collections=collections, bbox=bbox, when=when, intersects=intersects)
    except ValidationException:
        return

    assert (query.area is None) == (bbox is None and intersects is None)
    assert all(query.fits(product) in {True, False} for product in PRODUCTS)


@given(TEXTS)
def test_texts_in_addresses_are_understood_or_refused(text):
    for read in (numbers, geometry, place_of):
        with suppress(ValidationException):
            assert read(text) is not None


def _is_told_apart(urn):
    """A revision is any text, also one that goes on like another URN."""
    return urn.revision is None and "URN:" not in urn.tenant


@given(st.lists(urns.filter(_is_told_apart).map(str), max_size=4))
def test_urns_with_commas_in_them_are_told_apart(names):
    assert listed(",".join(names)) == names


@pytest.mark.parametrize(("text", "place"), [(None, 0), ("0", 0), ("17", 17), (str(2**63 - 1), 2**63 - 1)])
def test_a_listing_goes_on_where_its_link_says(text, place):
    assert place_of(text) == place


def test_a_revision_may_follow_the_order_of_a_urn():
    name = f"{a_urn()},2:REV7"

    assert listed(f"a,{name},{a_urn(2)},b") == ["a", name, str(a_urn(2)), "b"]
