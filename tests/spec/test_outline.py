"""Geometries meet when they have a point in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coverage import BoundingBox
from domain.outline import Outline, boxes_meet, meet, rectangle
from tests import catalogue_strategies as strategies

DEGREES = st.integers(-90, 90)
PLACED = strategies.geometries.filter(lambda geometry: geometry is not None)


@st.composite
def boxes(draw):
    west, east = sorted([draw(DEGREES), draw(DEGREES)])
    south, north = sorted([draw(DEGREES), draw(DEGREES)])
    return BoundingBox(west=west, south=south, east=east, north=north)


def polygon(*rings):
    return {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])] for ring in rings]}


SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
HOLE = [(2, 2), (8, 2), (8, 8), (2, 8)]


@given(PLACED)
def test_a_geometry_meets_itself_and_its_box(geometry):
    outline = Outline.of(geometry)

    assert meet(outline, outline)
    assert meet(outline, Outline.of(rectangle(outline.box)))


@given(PLACED, PLACED)
def test_it_does_not_matter_who_asks(one, other):
    assert meet(Outline.of(one), Outline.of(other)) == meet(Outline.of(other), Outline.of(one))


@given(boxes(), boxes())
def test_rectangles_meet_as_boxes_do(one, other):
    assert meet(Outline.of(rectangle(one)), Outline.of(rectangle(other))) == boxes_meet(one, other)


@given(boxes(), DEGREES, DEGREES)
def test_a_point_is_in_a_rectangle_when_its_numbers_are(box, x, y):
    point = Outline.of({"type": "Point", "coordinates": [x, y]})

    found = meet(point, Outline.of(rectangle(box)))

    assert found == (box.west <= x <= box.east and box.south <= y <= box.north)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (polygon(SQUARE, HOLE), {"type": "Point", "coordinates": [5, 5]}, False),
        (polygon(SQUARE, HOLE), {"type": "Point", "coordinates": [2, 5]}, True),
        (polygon(SQUARE, HOLE), polygon([(4, 4), (6, 4), (6, 6), (4, 6)]), False),
        (polygon(SQUARE), polygon([(4, 4), (6, 4), (6, 6), (4, 6)]), True),
        (polygon([(0, 0), (10, 0), (0, 10)]), polygon([(9, 9), (10, 9), (10, 10), (9, 10)]), False),
        (
            {"type": "LineString", "coordinates": [[0, 0], [10, 10]]},
            {"type": "LineString", "coordinates": [[0, 10], [10, 0]]},
            True,
        ),
        (
            {"type": "LineString", "coordinates": [[0, 0], [10, 10]]},
            {"type": "MultiPoint", "coordinates": [[9, 1], [3, 3]]},
            True,
        ),
        (
            {"type": "MultiPolygon", "coordinates": [polygon(SQUARE)["coordinates"], [[[20, 0], [21, 0], [20, 1]]]]},
            {"type": "Point", "coordinates": [15, 0]},
            False,
        ),
        (
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [5, 5]}]},
            {"type": "MultiLineString", "coordinates": [[[4, 5], [6, 5]]]},
            True,
        ),
    ],
    ids=str,
)
def test_shapes_that_their_boxes_do_not_tell_apart(one, other, expected):
    assert meet(Outline.of(one), Outline.of(other)) is expected
