"""Where and when a product was measured, as far as searches need it: a box around its geometry, a span of time."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import attrs

from domain.errors import InvalidValue

_DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How many lists are around a position (RFC 7946 section 3.1)."""

_COLLECTIONS_DEEP = 8


@attrs.frozen(kw_only=True)
class BoundingBox:
    """The smallest box in degrees. A geometry across the antimeridian is cut there (RFC 7946 section 3.1.9)."""

    west: float
    south: float
    east: float
    north: float


@attrs.frozen(kw_only=True)
class TimeSpan:
    """From ``start`` to ``end``, both included; one instant when they are equal."""

    start: datetime
    end: datetime


def bounding_box(geometry: Mapping[str, object] | None) -> BoundingBox | None:
    """The box of a GeoJSON geometry; ``None`` without one. Raises ``InvalidValue`` for what is no geometry."""
    if geometry is None:
        return None
    positions = list(_positions(geometry, _COLLECTIONS_DEEP))
    if not positions:
        raise InvalidValue("A geometry has at least one position; a product without a place has the geometry null.")
    longitudes = [longitude for longitude, _ in positions]
    latitudes = [latitude for _, latitude in positions]
    return BoundingBox(west=min(longitudes), south=min(latitudes), east=max(longitudes), north=max(latitudes))


def time_span(properties: Mapping[str, object]) -> TimeSpan | None:
    """What the STAC members ``datetime``, ``start_datetime`` and ``end_datetime`` say; ``None`` when they say nothing.

    Values that are no instant of RFC 3339 say nothing: other models may use these names as they like.
    """
    start, end = instant(properties.get("start_datetime")), instant(properties.get("end_datetime"))
    at = instant(properties.get("datetime"))
    start, end = start or at or end, end or at or start
    if start is None or end is None or start > end:
        return None
    return TimeSpan(start=start, end=end)


def instant(value: object) -> datetime | None:
    """The instant of RFC 3339 that a value writes."""
    if not isinstance(value, str) or "T" not in value.upper():
        return None
    try:
        read = datetime.fromisoformat(value)
        # Instants without an offset are meant in UTC by those who write them; others overflow at either end of time.
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _positions(geometry: object, levels: int) -> Iterator[tuple[float, float]]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or not isinstance(kind, str):
        raise InvalidValue("A geometry is a GeoJSON object with a 'type'.")
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list | tuple) or levels == 0:
            raise InvalidValue("A GeometryCollection has a list 'geometries', and is not nested deeply.")
        for member in members:
            yield from _positions(member, levels - 1)
        return
    if kind not in _DEPTHS:
        raise InvalidValue(f"{kind!r} is no type of a GeoJSON geometry.")
    yield from _unwrapped(geometry.get("coordinates"), _DEPTHS[kind])


def _unwrapped(coordinates: object, depth: int) -> Iterator[tuple[float, float]]:
    if not isinstance(coordinates, list | tuple):
        raise InvalidValue("The coordinates of a geometry are nested lists of numbers.")
    if depth:
        for inner in coordinates:
            yield from _unwrapped(inner, depth - 1)
        return
    numbers = [number for number in coordinates if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(numbers) != len(coordinates) or not 2 <= len(numbers) <= 4:
        raise InvalidValue("A position is [longitude, latitude] in numbers, with a height if wanted.")
    longitude, latitude = numbers[0], numbers[1]
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise InvalidValue(
            f"[{longitude}, {latitude}] lies outside longitudes -180 to 180 and latitudes -90 to 90; "
            "cut geometries at the antimeridian."
        )
    yield float(longitude), float(latitude)
