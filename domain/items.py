"""Data as items of collections: what is asked for, and what of it a caller is told (contract-catalog section 4.5)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import attrs

from domain.coverage import BoundingBox, bounding_box
from domain.errors import InvalidValue
from domain.licence import Licence
from domain.outline import Outline, boxes_meet, meet, rectangle
from domain.product import FileEntry, Product
from domain.selection import Copy, Readiness, readiness
from domain.urn import EntityType, Urn

MOST_IDS = 1000
MOST_POSITIONS = 1000
"""Corners of an area that is asked for."""


class Reach(StrEnum):
    """Whether a file can be had at once, as far as the records say."""

    ONLINE = "online"
    NEARLINE = "nearline"


@attrs.frozen(kw_only=True, slots=False)
class ItemQuery:
    """Which items are wanted: all that is named holds; ``None`` asks nothing.

    ``ids`` are products or, in their LAST form, whichever version is newest; ``datasets`` are virtual ids. ``start``
    and ``end`` are included, ``None`` is open; ``area`` is a geometry that the item's has a point in common with.
    """

    ids: frozenset[Urn] | None = None
    datasets: frozenset[Urn] | None = None
    start: datetime | None = None
    end: datetime | None = None
    area: Mapping[str, object] | None = attrs.field(default=None, hash=False)

    def __attrs_post_init__(self) -> None:
        if max(len(self.ids or ()), len(self.datasets or ())) > MOST_IDS:
            raise InvalidValue(f"A search names at most {MOST_IDS} ids and {MOST_IDS} collections.")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidValue("A time begins before it ends.")
        if self.area is not None:
            # Both are computed here, so that what cannot be computed is refused.
            _ = self._outline, self.boxes
            if len(self._outline.edges) > MOST_POSITIONS:
                raise InvalidValue(f"The area of a search has at most {MOST_POSITIONS} positions.")

    @cached_property
    def boxes(self) -> tuple[BoundingBox, ...]:
        """Boxes, one of which an item that is wanted meets; none when any place will do."""
        if self.area is None:
            return ()
        parts = self.area["coordinates"] if self.area["type"] == "MultiPolygon" else None
        if not isinstance(parts, list | tuple):
            return (self._outline.box,)
        found = [bounding_box({"type": "Polygon", "coordinates": part}) for part in parts]
        return tuple(box for box in found if box is not None)

    def within(self, dataset: Urn) -> "ItemQuery":
        """The same, in one dataset only."""
        named = {dataset.virtual_id}
        return attrs.evolve(self, datasets=frozenset(named if self.datasets is None else named & self.datasets))

    def covers(self, product: Product) -> bool:
        """Whether the product lies in the area, exactly."""
        if self.area is None:
            return True
        box = product.bounding_box
        if product.geometry is None or box is None or not any(boxes_meet(box, wanted) for wanted in self.boxes):
            return False
        return meet(Outline.of(product.geometry), self._outline)

    def fits(self, product: Product) -> bool:
        """Whether the product is an item that is wanted; who may see it is another question."""
        return (
            product.entity_type is EntityType.DATA
            and product.is_last
            and (self.ids is None or not self.ids.isdisjoint({product.urn, product.virtual_id}))
            and (self.datasets is None or not self.datasets.isdisjoint(product.dataset_ids))
            and self._is_in_time(product)
            and self.covers(product)
        )

    @cached_property
    def _outline(self) -> Outline:
        assert self.area is not None, "asked only where there is an area"
        return Outline.of(self.area)

    def _is_in_time(self, product: Product) -> bool:
        if self.start is None and self.end is None:
            return True
        span = product.time_span
        return (
            span is not None
            and (self.start is None or span.end >= self.start)
            and (self.end is None or span.start <= self.end)
        )


def area_of(west: float, south: float, east: float, north: float) -> dict[str, object]:
    """A box as an area. ``west > east`` crosses the antimeridian and is cut there. Raises ``InvalidValue``."""
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidValue("A bbox has longitudes from -180 to 180 and latitudes from -90 to 90, south before north.")
    if west <= east:
        return rectangle(BoundingBox(west=west, south=south, east=east, north=north))
    halves = [
        BoundingBox(west=west, south=south, east=180.0, north=north),
        BoundingBox(west=-180.0, south=south, east=east, north=north),
    ]
    return {"type": "MultiPolygon", "coordinates": [rectangle(half)["coordinates"] for half in halves]}


@attrs.frozen(kw_only=True)
class Extent:
    """The box around some items, and their time; ``None`` where none of them says anything."""

    box: BoundingBox | None = None
    start: datetime | None = None
    end: datetime | None = None


@attrs.frozen(kw_only=True)
class Item:
    """A product as one caller is told of it: ``files`` are those of R6, ``collection`` one that they may look into.

    ``reach`` is by checksum; files of which nothing is recorded are not in it.
    """

    product: Product
    files: tuple[FileEntry, ...]
    collection: Urn | None = None
    reach: Mapping[str, Reach] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True)
class ItemCollection:
    """A dataset as one caller is told of it; ``extent`` is ``None`` for those who may not see what is in it."""

    dataset: Product
    files: tuple[FileEntry, ...]
    extent: Extent | None = None
    licence: Licence | None = None
    reach: Mapping[str, Reach] = attrs.field(factory=dict, hash=False)

    @property
    def urn(self) -> Urn:
        """Its name, the same for all versions."""
        return self.dataset.virtual_id


def reach_of(copies: Iterable[Copy], now: datetime) -> Reach | None:
    """How far away a file is; ``None`` when no copy is known that could be had, now or after a restoration."""
    found = {readiness(copy, now) for copy in copies}
    if Readiness.READABLE in found:
        return Reach.ONLINE
    return Reach.NEARLINE if Readiness.RESTORABLE in found else None
