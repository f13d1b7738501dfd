"""GEOS answers as the reference does: shapes exactly, circles along great circles."""

import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.geometry.shapes import GeosShapes
from domain.places import Circle
from domain.search import QueryInvalid
from tests.place_reference import meets, nearest_metres
from tests.place_strategies import geometries, wkt_of

SHAPES = GeosShapes()


@settings(max_examples=300, deadline=None)
@given(geometries, st.lists(geometries, min_size=1, max_size=5))
def test_a_shape_meets_what_the_reference_says(asked, stored):
    (found,) = SHAPES.meeting([SHAPES.read(wkt_of(asked))], [json.dumps(each) for each in stored])

    assert found == [meets(asked, each) for each in stored]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.sampled_from([0, 1_000, 300_000, 2_000_000, 9_000_000]),
    st.lists(geometries, min_size=1, max_size=2),
)
def test_a_circle_meets_what_is_as_near(longitude, latitude, metres, stored):
    circle = Circle(longitude=longitude, latitude=latitude, metres=metres)
    distances = [nearest_metres(each, (longitude, latitude)) for each in stored]
    # The reference goes in steps: it is not asked about what lies at the very rim.
    assume(all(distance == 0 or abs(distance - metres) > 3_000 for distance in distances))
    (found,) = SHAPES.meeting([circle], [json.dumps(each) for each in stored])

    assert found == [distance <= metres for distance in distances]


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 3e7), st.floats(0, 2 * math.pi))
def test_the_box_of_a_circle_holds_its_rim(longitude, latitude, metres, bearing):
    circle = Circle(longitude=longitude, latitude=latitude, metres=metres)
    x, y = _at(longitude, latitude, metres, bearing)

    def holds(box, x):
        west, east = box.west - 1e-7, box.east + 1e-7
        in_turn = west <= x <= east if box.west <= box.east else x >= west or x <= east
        return in_turn and box.south - 1e-7 <= y <= box.north + 1e-7

    assert abs(y) > 89.999 or any(holds(box, turned) for box in circle.boxes for turned in (x - 360, x, x + 360))


def _at(longitude, latitude, metres, bearing):
    north, angle = math.radians(latitude), metres / 6_371_008.8
    y = math.asin(
        max(-1, min(1, math.sin(north) * math.cos(angle) + math.cos(north) * math.sin(angle) * math.cos(bearing)))
    )
    across = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(north), math.cos(angle) - math.sin(north) * math.sin(y)
    )
    return (longitude + math.degrees(across) + 540) % 360 - 180, math.degrees(y)


@pytest.mark.parametrize(
    ("wkt", "met"),
    [
        ("POLYGON ((170 -5, 190 -5, 190 5, 170 5, 170 -5))", ["east", "west", "cut"]),
        ("POLYGON ((-190 -5, -170 -5, -170 5, -190 5, -190 -5))", ["east", "west", "cut"]),
        ("LINESTRING (-5 0, 5 0)", ["middle"]),
        ("POINT (180 0)", ["cut"]),
        ("POINT Z (175 0 100)", ["east"]),
        ("MULTIPOINT ((175 0), (0 0))", ["east", "middle"]),
        ("GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (-175 1, -175 -1))", ["west", "middle"]),
        ("GEOMETRYCOLLECTION (POINT EMPTY, POINT (0 0))", ["middle"]),
        ("LINESTRING (-360 0, 360 0)", ["east", "west", "middle", "cut"]),
        ("POLYGON ((-170 -5, 170 -5, 170 5, -170 5, -170 -5))", ["middle"]),
    ],
)
def test_a_shape_may_cross_the_antimeridian(wkt, met):
    stored = {
        "east": {"type": "Point", "coordinates": [175, 0]},
        "west": {"type": "Point", "coordinates": [-175, 0]},
        "middle": {"type": "Point", "coordinates": [0, 0]},
        "cut": {
            "type": "MultiPolygon",
            "coordinates": [
                [[[178, -1], [180, -1], [180, 1], [178, 1], [178, -1]]],
                [[[-180, -1], [-178, -1], [-178, 1], [-180, 1], [-180, -1]]],
            ],
        },
    }
    shape = SHAPES.read(wkt)
    (found,) = SHAPES.meeting([shape], [json.dumps(each) for each in stored.values()])

    assert [name for name, is_met in zip(stored, found, strict=True) if is_met] == met
    assert all(box.west >= -180 and box.east <= 180 for box in shape.boxes)


@pytest.mark.parametrize(
    ("geometry", "metres", "is_met"),
    [
        ({"type": "Point", "coordinates": [-179.9, 0]}, 23_000, True),
        ({"type": "Point", "coordinates": [-179.9, 0]}, 22_000, False),
        # Along the parallel of 60 degrees a degree is half as long; the line is straight in degrees.
        ({"type": "LineString", "coordinates": [[-180, 60], [180, 60]]}, 6_671_705, True),
        ({"type": "LineString", "coordinates": [[-180, 60], [180, 60]]}, 6_671_704, False),
        ({"type": "Polygon", "coordinates": [[[170, -9], [180, -9], [180, 9], [170, 9], [170, -9]]]}, 0, True),
    ],
)
def test_a_circle_is_measured_in_metres_on_the_globe(geometry, metres, is_met):
    circle = Circle(longitude=179.9, latitude=0, metres=metres)

    assert SHAPES.meeting([circle], [json.dumps(geometry)]) == [[is_met]]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[1, 1]]},
        {"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]},
        {"type": "Point", "coordinates": [1, 1, 5, 7]},
        {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]},
        {"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": [[1, 1]]}]},
    ],
)
def test_what_is_stored_may_be_no_valid_geometry(geometry):
    places = [SHAPES.read("POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0))"), Circle(longitude=1, latitude=1, metres=1)]

    assert SHAPES.meeting(places, [json.dumps(geometry)]) == [[True], [True]]


@pytest.mark.parametrize(
    ("wkt", "said"),
    [
        ("POINT (1", "no WKT"),
        ("", "no WKT"),
        ("POINT (1 1))", "no WKT"),
        ("ENVELOPE (1, 2, 4, 3)", "no WKT"),
        ("POINT EMPTY", "empty"),
        ("POINT (nan 1)", ""),
        ("POINT (361 1)", "longitudes"),
        ("POINT (1 91)", "latitudes"),
        ("LINESTRING (0 0, inf 1)", ""),
        ("LINESTRING (1 1)", ""),
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "Self-intersection"),
        ("POLYGON ((0 0, 1 1, 1 0))", ""),
        ("POINT (1 1)" + " " * 20_000, "characters"),
        ("GEOMETRYCOLLECTION (" * 900 + "POINT EMPTY" + ")" * 900, ""),
        ("POINT (1 1)\x00", ""),
        ("CIRCULARSTRING (0 0, 1 1, 2 0)", "curves"),
        ("SRID=4326;POINT (1 1)", "no WKT"),
        ("\ud800", ""),
        ("Étoile", "no WKT"),
    ],
)
def test_a_geometry_that_is_none_is_refused_with_the_reason(wkt, said):
    with pytest.raises(QueryInvalid) as refused:
        SHAPES.read(wkt)

    assert said in str(refused.value)
