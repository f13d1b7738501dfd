"""Products as features of REGARDS and as STAC: what must survive, and what is refused with which words."""

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.products import JsonProductFormats
from domain.errors import InvalidValue
from domain.file import DataType
from domain.multihash import encoded
from domain.product import FileEntry
from domain.urn import EntityType, Urn
from tests import catalogue_strategies as strategies
from tests.catalogue_factories import a_dataset_urn, a_product, a_urn
from tests.factories import NOW, TENANT

FORMATS = JsonProductFormats()
MD5 = "9e107d9d372bb6826bd81d3542a419d6"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def read(document, tenant=TENANT):
    return FORMATS.read(document, tenant=tenant, now=NOW)


def a_feature(**changes):
    return {"type": "Feature", "id": str(a_urn()), "geometry": None, "properties": {}, **changes}


def an_item(**changes):
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "scene-1",
        "geometry": None,
        "properties": {"datetime": "2026-01-31T12:00:00Z"},
        "links": [],
        "assets": {},
        **changes,
    }


@given(strategies.products)
def test_a_product_survives_as_a_feature(product):
    feature = json.loads(json.dumps(FORMATS.feature(product)))

    again = read(feature, product.tenant)

    by_type = sorted(product.files, key=lambda entry: list(DataType).index(entry.data_type))
    assert sorted(again.files, key=lambda entry: list(DataType).index(entry.data_type)) == by_type
    assert attrs.evolve(again, files=()).is_same_as(attrs.evolve(product, files=()))


@given(strategies.json_objects, strategies.geometries, st.lists(strategies.TEXTS, max_size=3, unique=True))
def test_an_item_keeps_its_properties_its_place_and_its_assets(properties, geometry, keys):
    assets = {
        key: {
            "href": f"https://store.example.org/{number}/file",
            "type": "image/tiff",
            "roles": ["data"],
            "file:size": number,
            "file:checksum": encoded("MD5", MD5[:-1] + str(number)),
            "proj:shape": [1, number],
        }
        for number, key in enumerate(keys)
    }
    properties = {**properties, "datetime": "2026-01-31T12:00:00Z", "title": "A scene"}

    product = read(an_item(properties=properties, geometry=geometry, assets=assets, collection="c"))

    assert (product.properties, product.geometry, product.label) == (properties, geometry, "A scene")
    assert product.time_span is not None
    assert [
        (
            entry.additional_fields["asset_key"],
            entry.uri,
            entry.checksum,
            entry.algorithm,
            entry.size_bytes,
            entry.additional_fields["proj:shape"],
        )
        for entry in product.files
    ] == [
        (key, f"https://store.example.org/{number}/file", MD5[:-1] + str(number), "MD5", number, [1, number])
        for number, key in enumerate(keys)
    ]


@given(strategies.json_values)
def test_any_json_is_read_or_refused(document):
    for candidate in (document, a_feature(files=document), an_item(assets=document), an_item(properties=document)):
        try:
            product = read(candidate)
        except InvalidValue:
            continue
        assert product.tenant == TENANT


def test_the_same_names_become_the_same_urns_every_time():
    one, again = read(an_item(collection="c")), read(an_item(collection="c"))
    elsewhere, of_others = read(an_item(collection="d")), read(an_item(collection="c"), "other")

    assert one.urn == again.urn
    assert len({one.urn, elsewhere.urn, of_others.urn}) == 3
    assert len(one.dataset_ids) == 1
    assert one.dataset_ids != elsewhere.dataset_ids


def test_a_collection_is_the_dataset_of_its_items():
    collection = read(
        {
            "type": "Collection",
            "stac_version": "1.1.0",
            "id": "c",
            "title": "Scenes",
            "description": "All of them.",
            "license": "CC-BY-4.0",
            "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
            "links": [],
        }
    )

    assert collection.entity_type is EntityType.DATASET
    assert collection.virtual_id in read(an_item(collection="c")).dataset_ids
    assert (collection.label, collection.properties["license"]) == ("Scenes", "CC-BY-4.0")


def test_ids_that_are_urns_stay():
    product = read(an_item(id=str(a_urn(7)), collection=str(a_dataset_urn())))

    assert (product.urn, product.dataset_ids) == (a_urn(7), (a_dataset_urn().virtual_id,))


@pytest.mark.parametrize(
    ("roles", "data_type"),
    [
        ([], DataType.RAWDATA),
        (["data"], DataType.RAWDATA),
        (["thumbnail", "data"], DataType.RAWDATA),
        (["overview"], DataType.QUICKLOOK_SD),
        (["thumbnail"], DataType.THUMBNAIL),
        (["metadata"], DataType.DOCUMENT),
        (["anything"], DataType.OTHER),
    ],
)
def test_roles_of_assets(roles, data_type):
    asset = {"href": "https://store.example.org/a.tif", "roles": roles}

    (entry,) = read(an_item(assets={"a": asset})).files

    assert entry.data_type is data_type


@pytest.mark.parametrize(
    ("key", "asset", "name"),
    [
        ("scene.tif", {"href": "https://x.org/files/0cc1"}, "scene.tif"),
        ("B04", {"href": "https://x.org/a/B04%20red.tif?sig=1"}, "B04 red.tif"),
        ("B04", {"href": "https://x.org/files/0cc1", "title": "red.tif"}, "red.tif"),
        ("B04", {"href": "https://x.org/files/0cc1", "title": "The red band"}, "B04"),
    ],
)
def test_names_of_files(key, asset, name):
    (entry,) = read(an_item(assets={key: asset})).files

    assert entry.file_name == name


def test_an_asset_without_a_checksum_is_a_reference_and_one_with_it_is_ours():
    assets = {
        "a": {"href": "https://x.org/a.tif"},
        "b": {"href": "./b.tif", "file:checksum": encoded("SHA-256", SHA256)},
        "c": {"href": "../c.tif"},
    }
    links = [{"rel": "self", "href": "https://x.org/items/1.json"}]

    files = read(an_item(assets=assets, links=links)).files

    assert [(entry.is_reference, entry.uri, entry.checksum) for entry in files] == [
        (True, "https://x.org/a.tif", None),
        (False, "https://x.org/items/b.tif", SHA256),
        (True, "https://x.org/c.tif", None),
    ]


def test_features_of_providers_list_files_with_attributes_and_locations():
    document = {
        "type": "Feature",
        "id": "provider-1",
        "urn": f"URN:FEATURE:DATA:{TENANT}:00000000-0000-0000-0000-000000000001:V2",
        "entityType": "DATA",
        "model": "scene",
        "geometry": {"type": "Unlocated"},
        "properties": {"cloud": 3},
        "files": [
            {
                "locations": [{"storage": "disk", "url": "file:///data/scene.tif"}],
                "attributes": {
                    "dataType": "RAWDATA",
                    "mimeType": "image/tiff",
                    "filename": "scene.tif",
                    "filesize": 12,
                    "algorithm": "MD5",
                    "checksum": MD5,
                },
            }
        ],
    }

    product = read(document)

    assert (product.provider_id, product.model, product.geometry) == ("provider-1", "scene", None)
    assert product.version == 2
    assert product.files == (
        FileEntry(
            data_type=DataType.RAWDATA,
            file_name="scene.tif",
            media_type="image/tiff",
            checksum=MD5,
            algorithm="MD5",
            size_bytes=12,
            uri="file:///data/scene.tif",
        ),
    )


def test_a_feature_without_a_checksum_on_a_reference_is_taken():
    reference = {"reference": True, "uri": "https://x.org/", "mimeType": "text/html", "filename": "page"}

    (entry,) = read(a_feature(files={"OTHER": [reference]})).files

    assert (entry.checksum, entry.is_reference) == (None, True)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "object"),
        (a_feature(id="hello"), "no URN"),
        (a_feature(id=str(a_urn(tenant="other"))), "tenant 'other'"),
        (a_feature(id=str(a_urn(version=None))), "LAST"),
        (a_feature(id=None), "'id'"),
        (a_feature(files={"PICTURE": [{}]}), "PICTURE"),
        (a_feature(files={"RAWDATA": [{"dataType": "OTHER", "filename": "a"}]}), "OTHER"),
        (a_feature(files={"RAWDATA": {}}), "list"),
        (a_feature(files="a"), "'files'"),
        (a_feature(files={"RAWDATA": [{"filename": "a"}]}), "checksum"),
        (a_feature(files={"RAWDATA": [{"filename": "a", "checksum": "c", "filesize": 1.5}]}), "filesize"),
        (a_feature(files={"RAWDATA": [{"filename": "a", "checksum": "c", "filesize": True}]}), "filesize"),
        (a_feature(properties=[]), "properties"),
        (a_feature(tags=[1]), "tags"),
        (a_feature(geometry={"type": "Point", "coordinates": [1000, 0]}), "longitudes"),
        (an_item(properties={}), "datetime"),
        (an_item(properties={"datetime": "yesterday"}), "instants"),
        (an_item(assets={"a": {}}), "'a'"),
        (an_item(assets={"a": {"href": "a.tif"}}), "absolute"),
        (an_item(assets={"a": {"href": "https://[/"}}), "no URL"),
        (an_item(assets={"a": {"href": "https://x.org/", "file:checksum": "00"}}), "multihash"),
        (an_item(id="URN:AIP:DATA:other:00000000-0000-0000-0000-000000000001:V1"), "tenant"),
        (an_item(id="a\ud800"), "Unicode"),
        ({**an_item(), "type": "FeatureCollection"}, "Feature"),
    ],
    ids=str,
)
def test_what_is_no_product_is_refused_in_words_that_help(document, words):
    with pytest.raises(InvalidValue) as refused:
        read(document)

    assert words in str(refused.value)


def test_a_feature_names_what_upstream_names():
    product = a_product(a_urn(version=2), datasets=[a_dataset_urn()])

    feature = FORMATS.feature(product)

    assert feature["virtualId"] == str(Urn.parse(str(a_urn(version=None))))
    assert (feature["last"], feature["version"], feature["tags"]) == (True, 2, [str(a_dataset_urn())])
