"""Geometries of products, read leniently: what the catalogue keeps was never checked beyond its positions."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely


def read_stored(geometries: Sequence[str]) -> Any:
    """An array of valid geometries, one for each GeoJSON text.

    Rings that cross themselves are made valid. What GEOS cannot read (a line of one position, a ring that is open, a
    fourth coordinate) counts as its positions.
    """
    read = shapely.from_geojson(np.array(list(geometries), dtype=object), on_invalid="ignore")
    for place in np.flatnonzero(shapely.is_missing(read)):
        read[place] = shapely.multipoints(list(_positions(json.loads(geometries[int(place)]))))
    read = shapely.force_2d(read)
    wrong = ~shapely.is_valid(read)
    if wrong.any():
        read[wrong] = shapely.make_valid(read[wrong])
    return read


def _positions(geometry: dict[str, Any]) -> Iterator[tuple[float, float]]:
    for member in geometry.get("geometries", ()):
        yield from _positions(member)
    yield from _below(geometry.get("coordinates", ()))


def _below(coordinates: Any) -> Iterator[tuple[float, float]]:
    if coordinates and not isinstance(coordinates[0], list):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for inner in coordinates:
        yield from _below(inner)
