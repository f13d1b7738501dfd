"""Hypothesis strategies for geometries: small whole coordinates, so that they touch and cross one another often."""

from hypothesis import strategies as st

_number = st.integers(-6, 6)
_position = st.tuples(_number, _number).map(list)
_points = _position.map(lambda at: {"type": "Point", "coordinates": at})
_lines = st.lists(_position, min_size=2, max_size=4, unique_by=tuple).map(
    lambda line: {"type": "LineString", "coordinates": line}
)


@st.composite
def _rectangles(draw):
    west, south = draw(_position)
    wide, high = draw(st.integers(3, 6)), draw(st.integers(3, 6))
    rings = [_ring(west, south, west + wide, south + high)]
    if draw(st.booleans()):
        rings.append(_ring(west + 1, south + 1, west + wide - 1, south + high - 1))
    return {"type": "Polygon", "coordinates": rings}


def _ring(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


@st.composite
def _triangles(draw):
    (x, y), wide, high, lean = draw(_position), draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(_number)
    return {"type": "Polygon", "coordinates": [[[x, y], [x + wide, y], [x + lean, y + high], [x, y]]]}


_single = st.one_of(_points, _lines, _rectangles(), _triangles())
_points_in_one = st.lists(_position, min_size=1, max_size=3).map(
    lambda all_: {"type": "MultiPoint", "coordinates": all_}
)
_lines_in_one = st.lists(_lines, min_size=1, max_size=2).map(
    lambda all_: {"type": "MultiLineString", "coordinates": [line["coordinates"] for line in all_]}
)
_collections = st.lists(_single, min_size=1, max_size=2).map(
    lambda all_: {"type": "GeometryCollection", "geometries": all_}
)
geometries = st.one_of(_single, _points_in_one, _lines_in_one, _collections)


def wkt_of(geometry):
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return f"GEOMETRYCOLLECTION ({', '.join(wkt_of(each) for each in geometry['geometries'])})"
    return f"{kind.upper()} {_written(geometry['coordinates'], is_point=kind == 'Point')}"


def _written(coordinates, *, is_point=False):
    if not isinstance(coordinates[0], list):
        plain = " ".join(map(str, coordinates))
        return f"({plain})" if is_point else plain
    return f"({', '.join(_written(each) for each in coordinates)})"
