"""What meets a place, said once more and plainly: the oracle of geometry.

Shapes are compared exactly, in fractions; circles by walking along lines in small steps.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from domain.places import metres_between

STEPS = 2000


def meets(one: dict, other: dict) -> bool:
    """Whether two GeoJSON geometries have a position in common, on the plane. Rings do not cross themselves."""
    return (
        any(_crosses(mine, theirs) for mine in _lines(one) for theirs in _lines(other))
        or any(_covers(other, position) for position in _positions(one))
        or any(_covers(one, position) for position in _positions(other))
    )


def nearest_metres(geometry: dict, centre: tuple[float, float]) -> float:
    """How far a geometry is away, not less than it is, and at most by a small part of its lines' steps more."""
    if _covers(geometry, tuple(map(Fraction, centre))):
        return 0.0
    found = [metres_between((float(x), float(y)), centre) for x, y in _positions(geometry)]
    for (ax, ay), (bx, by) in _lines(geometry):
        for step in range(1, STEPS):
            part = step / STEPS
            at = (float(ax) + float(bx - ax) * part, float(ay) + float(by - ay) * part)
            found.append(metres_between(at, centre))
    return min(found)


def _parts(geometry: dict) -> Iterator[dict]:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for member in geometry["geometries"]:
            yield from _parts(member)
    elif kind.startswith("Multi"):
        for coordinates in geometry["coordinates"]:
            yield {"type": kind.removeprefix("Multi"), "coordinates": coordinates}
    else:
        yield geometry


def _rows(part: dict) -> list[list]:
    return {"Point": lambda c: [[c]], "LineString": lambda c: [c], "Polygon": lambda c: c}[part["type"]](
        part["coordinates"]
    )


def _exact(position) -> tuple[Fraction, Fraction]:
    return Fraction(position[0]), Fraction(position[1])


def _positions(geometry: dict) -> Iterator[tuple[Fraction, Fraction]]:
    for part in _parts(geometry):
        for row in _rows(part):
            yield from map(_exact, row)


def _lines(geometry: dict) -> Iterator[tuple]:
    for part in _parts(geometry):
        for row in _rows(part):
            exact = [_exact(position) for position in row]
            yield from pairwise(exact)


def _turn(a, b, c) -> Fraction:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_on(position, line) -> bool:
    a, b = line
    return (
        _turn(a, b, position) == 0
        and min(a[0], b[0]) <= position[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= position[1] <= max(a[1], b[1])
    )


def _crosses(one, other) -> bool:
    (a, b), (c, d) = one, other
    if any(_is_on(end, other) for end in one) or any(_is_on(end, one) for end in other):
        return True
    return (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0) and (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0)


def _covers(geometry: dict, position) -> bool:
    return any(_part_covers(part, position) for part in _parts(geometry))


def _part_covers(part: dict, position) -> bool:
    rows = [[_exact(each) for each in row] for row in _rows(part)]
    if any(position == each for row in rows for each in row):
        return True
    lines = [line for row in rows for line in pairwise(row)]
    if any(_is_on(position, line) for line in lines):
        return True
    if part["type"] != "Polygon":
        return False
    inside = False
    for (ax, ay), (bx, by) in lines:
        if (ay > position[1]) != (by > position[1]) and position[0] < ax + (position[1] - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def geometry_of(wkt: str) -> dict:
    """A point, a line or a polygon in WKT as GeoJSON."""
    kind, _, rest = wkt.partition(" ")
    rows = [
        [[float(number) for number in position.split()] for position in row.split(",")]
        for row in re.findall(r"[^()]+", rest)
        if row.strip(" ,")
    ]
    inner = {"POINT": lambda: rows[0][0], "LINESTRING": lambda: rows[0], "POLYGON": lambda: rows}[kind]()
    return {"type": {"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon"}[kind], "coordinates": inner}
