"""Places that searches ask for, and the boxes in which whatever lies there is found first.

Longitudes and latitudes are degrees (WGS 84). Lines between positions are straight in degrees (RFC 7946 section
3.1.1); distances are along great circles of a sphere as large as the Earth.
"""

import math

import attrs

from domain.errors import InvalidValue

EARTH_RADIUS_METRES = 6_371_008.8
"""The mean radius of the Earth (IUGG)."""
LONGEST_WKT = 20_000
"""Characters of a geometry in a query."""

_WIDER = 1 + 1e-9
"""Boxes of circles are wider by so much, so that no rounding loses what lies at the rim."""


@attrs.frozen(kw_only=True)
class Box:
    """Longitudes and latitudes from, to; ``west > east`` crosses 180."""

    west: float
    south: float
    east: float
    north: float

    def __attrs_post_init__(self) -> None:
        if not (-180 <= self.west <= 180 and -180 <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise InvalidValue("A box has longitudes from -180 to 180 and latitudes from -90 to 90, south first.")


@attrs.frozen(kw_only=True)
class Circle:
    """What lies at most so many metres away from a position."""

    longitude: float
    latitude: float
    metres: float

    def __attrs_post_init__(self) -> None:
        if not (-180 <= self.longitude <= 180 and -90 <= self.latitude <= 90):
            raise InvalidValue("A circle lies around a longitude from -180 to 180 and a latitude from -90 to 90.")
        if not 0 <= self.metres < math.inf:
            raise InvalidValue("The radius of a circle is a number of metres that is not negative.")

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The box around it; one that reaches a pole has all longitudes."""
        high = min(math.degrees(self.metres / EARTH_RADIUS_METRES) * _WIDER, 180.0)
        south, north = max(-90.0, self.latitude - high), min(90.0, self.latitude + high)
        narrowest = math.cos(math.radians(max(abs(south), abs(north))))
        wide = 180.0 if narrowest < 1e-9 else high / narrowest
        if wide >= 180:
            return (Box(west=-180, south=south, east=180, north=north),)
        west, east = self.longitude - wide, self.longitude + wide
        return (
            Box(
                west=west + 360 if west < -180 else west,
                south=south,
                east=east - 360 if east > 180 else east,
                north=north,
            ),
        )


@attrs.frozen(kw_only=True)
class Shape:
    """A geometry, read: ``wkt`` within longitudes -180 to 180, and the boxes around its parts."""

    wkt: str
    boxes: tuple[Box, ...]


ExactPlace = Circle | Shape


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two positions (longitude, latitude) along a great circle."""
    (east, north), (other_east, other_north) = one, other
    up, across = math.radians(other_north - north), math.radians(other_east - east)
    half = (
        math.sin(up / 2) ** 2
        + math.cos(math.radians(north)) * math.cos(math.radians(other_north)) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_METRES * math.asin(math.sqrt(min(1.0, half)))
