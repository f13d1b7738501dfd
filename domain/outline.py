"""Whether two GeoJSON geometries meet, on the plane of longitudes and latitudes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from domain.coverage import BoundingBox, bounding_box

MOST_PAIRS = 10_000
"""Segments that are compared with one another; of more, that the boxes meet has to do."""

Position = tuple[float, float]
Segment = tuple[Position, Position]


@attrs.frozen(kw_only=True)
class Outline:
    """A geometry taken apart: its edges (a point is an edge of no length), its areas, and a corner of each part."""

    box: BoundingBox
    edges: tuple[Segment, ...]
    areas: tuple[tuple[Segment, ...], ...]
    corners: tuple[Position, ...]

    @classmethod
    def of(cls, geometry: Mapping[str, Any]) -> "Outline":
        """Of a geometry with at least one position. Raises ``InvalidValue`` for what is none."""
        box = bounding_box(geometry)
        assert box is not None, "only no geometry has no box"
        lines: list[list[Position]] = []
        areas: list[tuple[Segment, ...]] = []
        for kind, coordinates in _simple(geometry):
            parts = [coordinates] if kind != "Polygon" else coordinates
            found = [[(float(at[0]), float(at[1])) for at in part] for part in parts if part]
            if kind == "Polygon":
                # A ring ends where it began, also if whoever wrote it forgot to say so.
                found = [[*ring, ring[0]] for ring in found]
                areas.append(tuple(edge for ring in found for edge in _edges(ring)))
            lines.extend(found)
        return cls(
            box=box,
            edges=tuple(edge for line in lines for edge in _edges(line)),
            areas=tuple(areas),
            corners=tuple(line[0] for line in lines),
        )


def meet(one: Outline, other: Outline) -> bool:
    """Whether they have a point in common. The border of an area is part of it."""
    if not boxes_meet(one.box, other.box):
        return False
    near_one = [edge for edge in one.edges if _is_near(edge, other.box)]
    near_other = [edge for edge in other.edges if _is_near(edge, one.box)]
    if len(near_one) * len(near_other) > MOST_PAIRS:
        return True
    return (
        _any_cross(near_one, near_other)
        or any(_is_inside(corner, area) for corner in one.corners for area in other.areas)
        or any(_is_inside(corner, area) for corner in other.corners for area in one.areas)
    )


def boxes_meet(one: BoundingBox, other: BoundingBox) -> bool:
    """Whether two boxes have a point in common."""
    return one.west <= other.east and other.west <= one.east and one.south <= other.north and other.south <= one.north


def rectangle(box: BoundingBox) -> dict[str, object]:
    """A box as a polygon."""
    west, south, east, north = box.west, box.south, box.east, box.north
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _simple(geometry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Points and lines as lists of positions, polygons as lists of rings."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for member in geometry["geometries"]:
            yield from _simple(member)
        return
    coordinates = geometry["coordinates"]
    match kind:
        case "Point":
            yield "Point", [coordinates]
        case "MultiPoint":
            yield from (("Point", [position]) for position in coordinates)
        case "LineString" | "Polygon":
            yield kind, coordinates
        case _:
            yield from ((kind.removeprefix("Multi"), part) for part in coordinates)


def _edges(line: Sequence[Position]) -> list[Segment]:
    return list(pairwise(line)) or [(line[0], line[0])]


def _is_near(edge: Segment, box: BoundingBox) -> bool:
    (ax, ay), (bx, by) = edge
    return min(ax, bx) <= box.east and max(ax, bx) >= box.west and min(ay, by) <= box.north and max(ay, by) >= box.south


def _turn(a: Position, b: Position, c: Position) -> int:
    """Whether c lies to the left of the line from a to b (1), to the right (-1), or on it (0)."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (area > 0) - (area < 0)


def _is_within(a: Position, b: Position, c: Position) -> bool:
    """Whether c, which is on the line through a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _any_cross(ones: Sequence[Segment], others: Sequence[Segment]) -> bool:
    """Most edges lie apart, which is told soonest by their boxes."""
    boxed = [(min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)) for (ax, ay), (bx, by) in others]
    for (ax, ay), (bx, by) in ones:
        west, east = (ax, bx) if ax < bx else (bx, ax)
        south, north = (ay, by) if ay < by else (by, ay)
        for place, (left, right, low, high) in enumerate(boxed):
            if (
                left <= east
                and west <= right
                and low <= north
                and south <= high
                and _cross(((ax, ay), (bx, by)), others[place])
            ):
                return True
    return False


def _cross(one: Segment, other: Segment) -> bool:
    """Whether two edges have a point in common, also where they only touch, or one is a point."""
    (a, b), (c, d) = one, other
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _is_within(*end) for turn, end in zip(turns, ends, strict=True))


def _is_inside(position: Position, area: Sequence[Segment]) -> bool:
    """Whether a ray to the east leaves the area an odd number of times; holes are left twice."""
    x, y = position
    is_inside = False
    for (ax, ay), (bx, by) in area:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            is_inside = not is_inside
    return is_inside
