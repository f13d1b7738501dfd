"""Shapes of queries, and which geometries meet them, by GEOS through shapely.

GEOS knows a plane and no globe: a shape is laid on the map from -180 to 180 once for each turn of the globe that it
reaches into, so that what ends at 180 meets what begins at -180.
"""

from collections.abc import Sequence
from typing import Any

import shapely
from shapely import affinity

from adapters.geometry.circles import meeting_circle
from adapters.geometry.stored import read_stored
from application.ports.shapes import Shapes
from domain.places import LONGEST_WKT, Box, Circle, ExactPlace, Shape
from domain.search import QueryInvalid

_WORLD = shapely.box(-180, -90, 180, 90)
_MOST_BOXES = 50


class GeosShapes(Shapes):
    """Everything that WKT writes with straight lines."""

    def read(self, wkt: str) -> Shape:
        """The shape, on one map of the world. Raises ``QueryInvalid``."""
        laid = _laid(_parsed(wkt))
        return Shape(wkt=shapely.to_wkt(laid, rounding_precision=-1), boxes=_boxes(laid))

    def meeting(self, places: Sequence[ExactPlace], geometries: Sequence[str]) -> list[list[bool]]:
        """For each place, which geometries meet it."""
        stored = read_stored(geometries)
        return [
            meeting_circle(place, stored) if isinstance(place, Circle) else _meeting_shape(place, stored)
            for place in places
        ]


def _parsed(wkt: str) -> Any:
    if len(wkt) > LONGEST_WKT:
        raise QueryInvalid(f"A geometry (g) has at most {LONGEST_WKT} characters.", LONGEST_WKT)
    if "\x00" in wkt:
        raise QueryInvalid("The geometry (g) holds a character that ends it.", wkt.index("\x00"))
    try:
        read = shapely.force_2d(shapely.from_wkt(wkt))
    except shapely.errors.GEOSException as error:
        said = str(error).removeprefix("ParseException: ")
        raise QueryInvalid(f"The geometry (g) is no WKT, as in POINT (1.5 43.6): {said}") from error
    except NotImplementedError as error:
        raise QueryInvalid("The geometry (g) has curves; only straight lines are known here.") from error
    if read is None or read.is_empty:
        raise QueryInvalid("The geometry (g) is empty.")
    west, south, east, north = read.bounds
    if not (-360 <= west <= east <= 360 and -90 <= south <= north <= 90):
        raise QueryInvalid("The geometry (g) has longitudes from -360 to 360, and latitudes from -90 to 90.")
    if not read.is_valid:
        raise QueryInvalid(f"The geometry (g) is not valid: {shapely.is_valid_reason(read)}.")
    return read


def _laid(read: Any) -> Any:
    west, _, east, _ = read.bounds
    if west > -180 and east < 180:
        return read
    turns = [shapely.intersection(affinity.translate(read, xoff=turn), _WORLD) for turn in (-360, 0, 360)]
    return shapely.geometrycollections([turn for turn in turns if not turn.is_empty])


def _boxes(laid: Any) -> tuple[Box, ...]:
    parts = [laid]
    while any(part.geom_type == "GeometryCollection" for part in parts):
        parts = list(shapely.get_parts(parts))
    if len(single := shapely.get_parts(parts)) <= _MOST_BOXES:
        parts = list(single)
    elif len(parts) > _MOST_BOXES:
        parts = [laid]
    bounds = [part.bounds for part in parts if not part.is_empty]
    return tuple(Box(west=west, south=south, east=east, north=north) for west, south, east, north in bounds)


def _meeting_shape(place: Shape, stored: Any) -> list[bool]:
    shape = shapely.from_wkt(place.wkt)
    shapely.prepare(shape)
    found: list[bool] = shapely.intersects(shape, stored).tolist()
    return found
