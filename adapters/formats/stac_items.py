"""Products as items, and datasets as collections, of STAC 1.1.0 (contract-catalog section 4.5)."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from adapters.formats.stac_words import ASSET_KEY, ORDER_STATUS, PRODUCT, written
from application.ports.items import ItemFormat
from domain.coverage import instant
from domain.items import Extent, Item, ItemCollection, Reach
from domain.product import FileEntry, Product
from domain.urn import Urn

STAC_VERSION = "1.1.0"
FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
ORDER_EXTENSION = "https://stac-extensions.github.io/order/v1.1.0/schema.json"

_STATUS = {Reach.ONLINE: "succeeded", Reach.NEARLINE: "orderable"}
"""Words of the order extension: what is delivered already, and what a restoration brings."""

_UTC = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|\+00:00)")
_WORLD = [-180.0, -90.0, 180.0, 90.0]
_TIMES = ("datetime", "start_datetime", "end_datetime")

Address = Callable[[Urn, FileEntry], str]


class StacItemFormat(ItemFormat):
    """Items and collections of STAC."""

    def item(self, item: Item, *, address: Address) -> dict[str, object]:
        """The item without its links."""
        product = item.product
        statuses = {_STATUS[reach] for entry in item.files if (reach := _reach(entry, item.reach)) is not None}
        properties = _properties(product)
        if statuses:
            # Of all its files: what must still be ordered is not there.
            properties[ORDER_STATUS] = min(statuses)
        box = product.bounding_box
        own = {
            "label": product.label,
            "providerId": product.provider_id,
            "model": product.model,
            "tags": [tag for tag in product.tags if not tag.startswith("URN:")] or None,
            "session": product.session,
            "sessionOwner": product.session_owner,
        }
        document: dict[str, object] = {
            "type": "Feature",
            "stac_version": STAC_VERSION,
            "stac_extensions": [FILE_EXTENSION, *([ORDER_EXTENSION] if statuses else [])],
            "id": str(product.urn),
            "geometry": product.geometry,
        }
        if box is not None:
            document["bbox"] = [box.west, box.south, box.east, box.north]
        document |= {
            "properties": properties,
            "assets": _assets(product, item.files, item.reach, address),
            PRODUCT: {name: value for name, value in own.items() if value is not None},
        }
        if item.collection is not None:
            document["collection"] = str(item.collection)
        return document

    def collection(self, collection: ItemCollection, *, address: Address) -> Mapping[str, object]:
        """The collection without its links. What the dataset says in STAC's words is said first."""
        dataset = collection.dataset
        said = {name: value for name, value in dataset.properties.items() if name not in {"id", "type", "links"}}
        licence = said.get("license")
        description = said.get("description")
        return {
            **said,
            "type": "Collection",
            "stac_version": STAC_VERSION,
            "stac_extensions": [FILE_EXTENSION],
            "id": str(collection.urn),
            "title": dataset.label,
            "description": description if isinstance(description, str) and description else dataset.label,
            "license": licence if isinstance(licence, str) and licence else "other",
            "extent": _extent(collection),
            "assets": _assets(dataset, collection.files, collection.reach, address),
        }


def _properties(product: Product) -> dict[str, object]:
    """What the product says, with the times that STAC wants and a title.

    A product that does not say when it was measured has the time of its registration: an item has one.
    """
    said = {name: value for name, value in product.properties.items() if name not in _TIMES}
    title = said.get("title")
    return {**_times(product), **said, "title": title if isinstance(title, str) else product.label}


def _times(product: Product) -> dict[str, object]:
    span = product.time_span
    if span is None:
        return {"datetime": _written(product.registered_at)}
    texts = {name: product.properties.get(name) for name in _TIMES}
    known = {name: instant(value) for name, value in texts.items()}
    times: dict[str, object] = {"datetime": None if known["datetime"] is None else _kept(texts["datetime"])}
    if known["datetime"] is None or known["start_datetime"] or known["end_datetime"]:
        for name, moment in (("start_datetime", span.start), ("end_datetime", span.end)):
            times[name] = _written(moment) if known[name] is None else _kept(texts[name])
    return times


def _kept(text: object) -> str:
    """An instant as it is written, if it is in UTC and complete as STAC wants it."""
    moment = instant(text)
    assert isinstance(text, str), "only texts are instants"
    assert moment is not None, "asked only for what is an instant"
    return text if _UTC.fullmatch(text) else _written(moment)


def _written(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds" if utc.microsecond else "seconds") + "Z"


def _assets(
    product: Product, files: Iterable[FileEntry], reach: Mapping[str, Reach], address: Address
) -> dict[str, object]:
    assets: dict[str, object] = {}
    for entry in files:
        key = _key(entry, assets)
        is_elsewhere = entry.is_reference and entry.uri is not None
        found = _reach(entry, reach)
        assets[key] = {
            "href": entry.uri if is_elsewhere else address(product.urn, entry),
            **written(entry, key),
            **({} if found is None else {ORDER_STATUS: _STATUS[found]}),
        }
    return assets


def _key(entry: FileEntry, taken: Mapping[str, object]) -> str:
    """The name of the asset that it came as, or of the file; of several with one name each gets a number."""
    kept = entry.additional_fields.get(ASSET_KEY)
    name = kept if isinstance(kept, str) and kept else entry.file_name
    key, number = name, 2
    while key in taken:
        key, number = f"{name}-{number}", number + 1
    return key


def _reach(entry: FileEntry, reach: Mapping[str, Reach]) -> Reach | None:
    return None if entry.is_reference or entry.checksum is None else reach.get(entry.checksum)


def _extent(collection: ItemCollection) -> Mapping[str, object]:
    """Around the items; else what the dataset says of itself; else the world, at any time."""
    extent = collection.extent
    if extent is None or (extent.box is None and extent.start is None):
        said = collection.dataset.properties.get("extent")
        if isinstance(said, Mapping) and {"spatial", "temporal"} <= said.keys():
            return said
        span = collection.dataset.time_span
        extent = Extent(
            box=collection.dataset.bounding_box, start=span.start if span else None, end=span.end if span else None
        )
    box = extent.box
    bbox = _WORLD if box is None else [box.west, box.south, box.east, box.north]
    interval = [None if moment is None else _written(moment) for moment in (extent.start, extent.end)]
    return {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}}
