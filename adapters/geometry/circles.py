"""Which geometries come as near to a position as asked, along great circles.

Their lines are straight in degrees (RFC 7946), not on the globe. Along a short piece of such a line the cosine of the
distance has one maximum at most: it is looked for in pieces of a quarter of a degree, which is right to a decimetre.
"""

from typing import Any

import numpy as np
import shapely

from domain.places import EARTH_RADIUS_METRES, Circle

_PIECE_DEGREES = 0.25
_HALVINGS = 30
_AT_ONCE = 200
"""Segments; each may go around the world."""


def meeting_circle(circle: Circle, stored: Any) -> list[bool]:
    """For each geometry of the array, whether it is at most that far away."""
    centre = shapely.points(circle.longitude, circle.latitude)
    meets = shapely.intersects(stored, centre)
    positions, of = shapely.get_coordinates(stored, return_index=True)
    near = _metres(circle, positions[:, 0], positions[:, 1]) <= circle.metres
    meets[of[near]] = True
    starts, ends, of = _segments(stored)
    # A piece of a line is at most as much nearer than its beginning as it is long.
    longest = np.radians(np.hypot(*(ends - starts).T)) * EARTH_RADIUS_METRES
    open_ones = ~meets[of] & (_metres(circle, starts[:, 0], starts[:, 1]) - longest <= circle.metres)
    starts, ends, of = starts[open_ones], ends[open_ones], of[open_ones]
    for first in range(0, len(of), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        if not meets[of[part]].all():
            near_ones, pieces_of = _near_pieces(circle, starts[part], ends[part], of[part])
            meets[pieces_of[near_ones]] = True
    found: list[bool] = meets.tolist()
    return found


def _metres(circle: Circle, longitudes: Any, latitudes: Any) -> Any:
    north, other = np.radians(circle.latitude), np.radians(latitudes)
    up, across = other - north, np.radians(longitudes - circle.longitude)
    half = np.sin(up / 2) ** 2 + np.cos(north) * np.cos(other) * np.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(np.minimum(1.0, half)))


def _segments(stored: Any) -> tuple[Any, Any, Any]:
    """Where the lines begin and end, and of which geometry they are."""
    parts, of = stored, np.arange(len(stored))
    while (shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        of = of[inner]
    kinds = shapely.get_type_id(parts)
    is_line = kinds == shapely.GeometryType.LINESTRING
    rings, inner = shapely.get_rings(parts[kinds == shapely.GeometryType.POLYGON], return_index=True)
    lines = np.concatenate([parts[is_line], rings])
    of_lines = np.concatenate([of[is_line], of[kinds == shapely.GeometryType.POLYGON][inner]])
    positions, line = shapely.get_coordinates(lines, return_index=True)
    follows = line[1:] == line[:-1]
    return positions[:-1][follows], positions[1:][follows], of_lines[line[:-1][follows]]


def _near_pieces(circle: Circle, starts: Any, ends: Any, of: Any) -> tuple[Any, Any]:
    length = np.hypot(*(ends - starts).T)
    pieces = np.maximum(1, np.ceil(length / _PIECE_DEGREES)).astype(int)
    which = np.repeat(np.arange(len(of)), pieces)
    place = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    low, high = place / pieces[which], (place + 1) / pieces[which]
    nearest = _turning(circle, starts[which], (ends - starts)[which], low, high)
    at = starts[which] + (ends - starts)[which] * nearest[:, None]
    return _metres(circle, at[:, 0], at[:, 1]) <= circle.metres, of[which]


def _turning(circle: Circle, starts: Any, steps: Any, low: Any, high: Any) -> Any:
    """Where on each piece the distance turns from falling to rising, or the nearer end of it."""
    falls = _nearing(circle, starts, steps, low) > 0
    rises = _nearing(circle, starts, steps, high) < 0
    low, high = np.where(falls & ~rises, high, low), np.where(falls, high, low)
    # What remains between them is halved; where nothing turns, one end is left.
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        still = _nearing(circle, starts, steps, middle) > 0
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return (low + high) / 2


def _nearing(circle: Circle, starts: Any, steps: Any, place: Any) -> Any:
    """How fast the cosine of the distance grows along the line; positive while it comes nearer."""
    east, north = np.radians(starts + steps * place[:, None]).T
    over, up = np.radians(steps).T
    own = np.radians(circle.latitude)
    across = east - np.radians(circle.longitude)
    return up * (np.sin(own) * np.cos(north) - np.cos(own) * np.sin(north) * np.cos(across)) - over * (
        np.cos(own) * np.cos(north) * np.sin(across)
    )
