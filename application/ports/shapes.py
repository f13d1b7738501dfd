"""Geometries, and what meets them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.places import ExactPlace, Shape


class Shapes(Protocol):
    """Reads geometries, and compares them. It computes and never waits: whoever has much to compare uses a thread."""

    @abstractmethod
    def read(self, wkt: str) -> Shape:
        """The shape of a geometry in WKT. Raises ``QueryInvalid``, which says what is wrong with it.

        Longitudes may go from -360 to 360: what lies beyond 180 is what lies there on the globe.
        """

    @abstractmethod
    def meeting(self, places: Sequence[ExactPlace], geometries: Sequence[str]) -> list[list[bool]]:
        """For each place, which of the geometries (GeoJSON) meet it; what touches, meets."""
