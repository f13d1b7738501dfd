"""Products as items of STAC, and items of ours as products again."""

import json
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.products import JsonProductFormats
from adapters.formats.stac_items import StacItemFormat
from domain.coverage import BoundingBox
from domain.file import DataType
from domain.items import Extent, Item, ItemCollection, Reach
from domain.multihash import decoded
from domain.product import FileEntry
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import a_dataset_urn, a_licence, a_product, a_urn, an_entry
from tests.factories import NOW, TENANT

FORMAT = StacItemFormat()
MD5, SHA256 = "9e107d9d372bb6826bd81d3542a419d6", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

real_entries = st.builds(
    lambda entry, named: attrs.evolve(entry, checksum=named[1], algorithm=named[0]),
    strategies.entries,
    st.sampled_from([("MD5", MD5), ("SHA-256", SHA256), ("md5", MD5.upper()), ("SHA-1", "c1"), ("CRC32", "cbf43926")]),
)
products = st.builds(
    lambda number, geometry, properties, files, times, labels: attrs.evolve(
        a_product(
            a_urn(number),
            geometry=geometry,
            properties={**properties, **times},
            files=files,
            datasets=[a_dataset_urn().virtual_id],
            label=labels[0],
        ),
        provider_id=labels[1],
        model=labels[2],
    ),
    st.integers(1, 3),
    strategies.geometries,
    strategies.json_objects,
    st.lists(real_entries | strategies.references, max_size=4),
    st.sampled_from(
        [
            {},
            {"datetime": "2026-01-31T12:00:00Z"},
            {"datetime": "yesterday"},
            {"datetime": None, "start_datetime": "2026-01-31T12:00:00.5Z", "end_datetime": "2026-02-01T00:00:00+00:00"},
            {"start_datetime": "2026-01-31T12:00:00+01:00"},
        ]
    ),
    st.tuples(strategies.TEXTS, strategies.TEXTS, strategies.TEXTS),
)


def address(urn, entry):
    return f"https://here.example.org/downloads/{urn}/files/{entry.checksum}"


def an_item(product, *, reach=None):
    item = Item(product=product, files=product.files, collection=next(iter(product.dataset_ids), None))
    return FORMAT.item(attrs.evolve(item, reach=reach or {}), address=address)


def read(document):
    return JsonProductFormats().read(json.loads(json.dumps(document)), tenant=TENANT, now=NOW)


def comparable(entry: FileEntry) -> FileEntry:
    """Without the address of our own files, which is made when it is asked for, and what every asset has."""
    more = {
        name: value for name, value in entry.additional_fields.items() if name not in {"asset_key", "title", "roles"}
    }
    return attrs.evolve(entry, uri=entry.uri if entry.is_reference else None, additional_fields=more)


@given(products)
def test_a_product_survives_as_an_item(product):
    item = an_item(product, reach={MD5: Reach.NEARLINE})

    again = read({**item, "links": []})

    assert [comparable(entry) for entry in again.files] == [comparable(entry) for entry in product.files]
    for name in ("urn", "provider_id", "label", "model", "geometry", "dataset_ids"):
        assert getattr(again, name) == getattr(product, name)
    if product.time_span is not None:
        assert again.time_span == product.time_span
    said = {name: value for name, value in product.properties.items() if "datetime" not in name and name != "title"}
    assert said.items() <= again.properties.items()
    assert an_item(again, reach={MD5: Reach.NEARLINE}) == item


@given(products)
def test_an_item_has_what_clients_ask_for(product):
    item = an_item(product)

    properties = item["properties"]
    assert properties["datetime"] is not None or {"start_datetime", "end_datetime"} <= properties.keys()
    assert len(item["assets"]) == len(product.files)
    assert ("bbox" in item) == (product.geometry is not None)


def test_assets_have_multihashes_and_what_order_says_of_them():
    product = a_product(
        files=[
            attrs.evolve(an_entry(MD5), algorithm="MD5"),
            attrs.evolve(an_entry(SHA256, DataType.QUICKLOOK_MD), algorithm="SHA-256"),
            an_entry(None, DataType.OTHER, uri="https://elsewhere.example.org/x", is_reference=True),
        ]
    )

    item = an_item(product, reach={MD5: Reach.NEARLINE, SHA256: Reach.ONLINE})

    first, second, third = item["assets"].values()
    assert list(item["assets"]) == ["scene.tif", "scene.tif-2", "scene.tif-3"]
    assert first["file:checksum"] == "d50110" + MD5
    assert decoded(second["file:checksum"]).checksum == SHA256
    assert (first["order:status"], second["order:status"]) == ("orderable", "succeeded")
    assert item["properties"]["order:status"] == "orderable"
    assert (first["roles"], second["roles"], first["file:size"]) == (["data"], ["overview"], 1000)
    assert first["href"] == f"https://here.example.org/downloads/{product.urn}/files/{MD5}"
    assert (third["href"], "order:status" in third) == ("https://elsewhere.example.org/x", False)


@pytest.mark.parametrize(
    ("extent", "properties", "bbox", "interval"),
    [
        (None, {}, [-180, -90, 180, 90], [None, None]),
        (Extent(), {"datetime": "2026-01-31T12:00:00Z"}, [-180, -90, 180, 90], ["2026-01-31T12:00:00Z"] * 2),
        (
            Extent(box=BoundingBox(west=1, south=2, east=3, north=4), start=NOW, end=NOW + timedelta(seconds=1.5)),
            {},
            [1, 2, 3, 4],
            None,
        ),
        (
            None,
            {
                "extent": {
                    "spatial": {"bbox": [[0, 0, 1, 1]]},
                    "temporal": {"interval": [["2026-01-31T12:00:00Z", None]]},
                }
            },
            [0, 0, 1, 1],
            ["2026-01-31T12:00:00Z", None],
        ),
    ],
)
def test_a_collection_says_where_and_when_its_items_are(extent, properties, bbox, interval):
    dataset = a_product(a_dataset_urn(), properties=properties, label="Scenes")

    found = FORMAT.collection(
        ItemCollection(dataset=dataset, files=(), extent=extent, licence=a_licence()), address=address
    )

    assert found["id"] == str(dataset.virtual_id)
    assert (found["title"], found["description"], found["license"]) == ("Scenes", "Scenes", "other")
    assert found["extent"]["spatial"]["bbox"] == [bbox]
    assert interval is None or found["extent"]["temporal"]["interval"] == [interval]
