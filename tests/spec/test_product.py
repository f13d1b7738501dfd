"""Products and the files they list: what a valid one is, which datasets it is part of, its box and its time."""

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coverage import BoundingBox, TimeSpan, bounding_box, time_span
from domain.errors import InvalidValue
from domain.file import DataType
from domain.plain_json import require_plain_json
from domain.product import PUBLIC_TYPES
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import a_dataset_urn, a_product, a_urn, an_entry
from tests.factories import NOW


def test_a_product_has_a_version():
    with pytest.raises(InvalidValue, match="LAST"):
        a_product(a_urn(version=None))


def test_a_tag_that_names_a_dataset_makes_the_product_part_of_it_in_all_its_versions():
    product = a_product(
        datasets=[a_dataset_urn(1, version=3), a_dataset_urn(2, version=None), a_dataset_urn(1, version=1)],
        tags=["blue", str(a_dataset_urn(3, tenant="other")), str(a_urn(4))],
    )

    assert product.dataset_ids == (a_dataset_urn(1).virtual_id, a_dataset_urn(2).virtual_id)


def test_a_misspelt_dataset_is_refused():
    with pytest.raises(InvalidValue, match="looks like a dataset"):
        a_product(tags=[str(a_dataset_urn())[:-3]])


def test_files_are_found_by_their_exact_checksum():
    upper, lower, nameless = an_entry("ABC"), an_entry("abc"), an_entry(None, is_reference=True, uri="https://x.org/")
    product = a_product(files=[nameless, upper, lower])

    assert product.entries_of("abc") == (lower,)
    assert product.entries_of("None") == ()
    assert product.entries_of("") == ()


@pytest.mark.parametrize("data_type", list(DataType))
def test_public_types(data_type):
    assert an_entry(data_type=data_type).is_public is (
        data_type.value in {"QUICKLOOK_SD", "QUICKLOOK_MD", "QUICKLOOK_HD", "THUMBNAIL", "DESCRIPTION"}
    )
    assert (data_type in PUBLIC_TYPES) is an_entry(data_type=data_type).is_public


@pytest.mark.parametrize(
    "change",
    [
        {"checksum": None},
        {"checksum": ""},
        {"checksum": "a/b"},
        {"checksum": ".."},
        {"file_name": ""},
        {"file_name": "a\x00"},
        {"media_type": ""},
        {"size_bytes": -1},
        {"size_bytes": 2**63},
        {"image_width": float("nan")},
        {"image_height": 10**400},
        {"checksum": "é" * 513},
        {"is_reference": True},
        {"uri": ""},
        {"types": ("",)},
        {"additional_fields": {"a": float("nan")}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_what_is_no_file_of_a_product(change):
    with pytest.raises(InvalidValue):
        attrs.evolve(an_entry(), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"label": ""},
        {"label": "a" * 1025},
        {"provider_id": "\ud800"},
        {"model": "\x00"},
        {"model": "é" * 513},
        {"provider_id": "a" * 1025},
        {"tags": ("",)},
        {"tags": ("a",) * 1001},
        {"session": ""},
        {"properties": {"a": "\x00"}},
        {"geometry": {"type": "Point", "coordinates": [200, 0]}},
    ],
    ids=str,
)
def test_what_is_no_product(change):
    with pytest.raises(InvalidValue):
        attrs.evolve(a_product(), **change)


def test_writing_the_same_again_is_no_change():
    product = a_product(files=[an_entry()])

    assert product.is_same_as(attrs.evolve(product, is_last=False, updated_at=NOW.replace(year=2000)))
    assert not product.is_same_as(attrs.evolve(product, label="Another"))
    assert not product.is_same_as(attrs.evolve(product, files=()))


@pytest.mark.parametrize(
    ("geometry", "box"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, (1, 2, 1, 2)),
        ({"type": "Point", "coordinates": [1, 2, 300.5]}, (1, 2, 1, 2)),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [-3, 4]]}, (-3, 2, 1, 4)),
        ({"type": "LineString", "coordinates": [[-180, -90], [180, 90]]}, (-180, -90, 180, 90)),
        ({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 3], [0, 0]], [[1, 1], [1, 1]]]}, (0, 0, 2, 3)),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 1]]], [[[5, 6], [7, 8]]]]}, (0, 0, 7, 8)),
        (
            {
                "type": "GeometryCollection",
                "geometries": [{"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [3, 1]}],
            },
            (1, 1, 3, 2),
        ),
    ],
)
def test_the_box_around_a_geometry(geometry, box):
    west, south, east, north = box

    assert bounding_box(geometry) == BoundingBox(west=west, south=south, east=east, north=north)


def test_without_a_geometry_there_is_no_box():
    assert bounding_box(None) is None


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Circle", "coordinates": [1, 2]},
        {"type": ["Point"], "coordinates": [1, 2]},
        {"type": "Point"},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [1]},
        {"type": "Point", "coordinates": [1, 2, 3, 4, 5]},
        {"type": "Point", "coordinates": [True, 2]},
        {"type": "Point", "coordinates": ["1", "2"]},
        {"type": "Point", "coordinates": [float("nan"), 2]},
        {"type": "Point", "coordinates": [10**400, 2]},
        {"type": "Point", "coordinates": [1, 91]},
        {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "GeometryCollection"},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "GeometryCollection", "geometries": [3]},
    ],
    ids=str,
)
def test_what_is_no_geometry(geometry):
    with pytest.raises(InvalidValue):
        bounding_box(geometry)


AT = datetime(2020, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2020, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "span"),
    [
        ({}, None),
        ({"datetime": None}, None),
        ({"datetime": "2020-01-01T12:00:00Z"}, (AT, AT)),
        ({"datetime": "2020-01-01T13:00:00+01:00"}, (AT, AT)),
        ({"datetime": "2020-01-01T12:00:00"}, (AT, AT)),
        ({"start_datetime": "2020-01-01T12:00:00Z", "end_datetime": "2020-01-02T12:00:00.000Z"}, (AT, LATER)),
        ({"datetime": None, "start_datetime": "2020-01-01T12:00:00Z"}, (AT, AT)),
        ({"start_datetime": "2020-01-02T12:00:00Z", "end_datetime": "2020-01-01T12:00:00Z"}, None),
        ({"datetime": "2020-01-01"}, None),
        ({"datetime": "yesterday T"}, None),
        ({"datetime": 5}, None),
        ({"datetime": "0001-01-01T00:00:00+14:00"}, None),
    ],
)
def test_the_time_of_a_product(properties, span):
    assert time_span(properties) == (span and TimeSpan(start=span[0], end=span[1]))


@given(strategies.json_objects)
def test_json_of_plain_data_is_taken(value):
    require_plain_json(value, "it")


@given(st.recursive(st.none() | st.text(), st.lists, max_leaves=5))
def test_any_text_inside_is_looked_at(value):
    try:
        require_plain_json([value], "it")
    except InvalidValue:
        return
    repr(value).encode()


@pytest.mark.parametrize(
    "value",
    [{1: 2}, object(), b"", {1}, 2**63, float("inf"), {"a\x00": 1}, ["\ud800"]],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_json(value):
    with pytest.raises(InvalidValue):
        require_plain_json(value, "it")


def test_json_that_is_nested_too_deeply_is_refused():
    value: object = 1
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidValue, match="deep"):
        require_plain_json(value, "it")


@given(strategies.products)
def test_every_product_of_the_strategies_is_the_same_as_itself(product):
    assert product.is_same_as(attrs.evolve(product))
