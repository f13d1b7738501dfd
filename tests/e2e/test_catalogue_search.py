"""Searches under upstream's paths: its envelope, its language, and no more than the caller sees."""

import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_group, a_product, a_right, a_urn, an_entry
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.factories import a_file, a_location, a_storage

pytestmark = pytest.mark.anyio

OPEN, CLOSED, HIDDEN = a_dataset_urn(1), a_dataset_urn(2), a_dataset_urn(3)
LINK = "https://elsewhere.example.org/leaflet.html"


@pytest.fixture
async def service():
    service = Service()
    files = [
        an_entry("c1"),
        an_entry("c2", DataType.THUMBNAIL, file_name="scene.png"),
        an_entry(None, DataType.DOCUMENT, file_name="leaflet.html", is_reference=True, uri=LINK),
    ]
    async with service.unit_of_work() as unit:
        await unit.access.save_groups([a_group("readers", is_public=True)])
        await unit.access.save_rights([a_right("readers", OPEN), a_right("readers", CLOSED, files=FileLevel.NO_ACCESS)])
        await unit.products.save(
            [
                a_product(a_urn(1), files=files, datasets=[OPEN], label="Green valley", properties={"cloud": 5}),
                a_product(a_urn(2), files=files, datasets=[CLOSED], label="Green hill", properties={"cloud": 50}),
                a_product(a_urn(3), files=files, datasets=[HIDDEN], label="Green secret"),
                a_product(a_urn(1, tenant=OTHER_TENANT), label="Green elsewhere"),
                a_product(OPEN, label="Open scenes"),
            ]
        )
        await unit.storages.save([a_storage("disk-1")])
        await unit.files.save([a_file("c1")], [a_location("c1", "disk-1")])
        await unit.commit()
    return service


async def found(service, path="dataobjects/search", role=Role.REGISTERED_USER, **params):
    async with service.client() as client:
        headers = service.bearer(role, "alice@example.org")
        return await client.get(f"/engines/legacy/{path}", params=params, headers=headers)


async def labels(service, path="dataobjects/search", **params):
    answer = await found(service, path, **params)
    assert answer.status_code == 200, answer.text
    return [item["content"]["label"] for item in answer.json()["content"]]


async def test_the_envelope_is_upstreams(service):
    answer = await found(service, q="label:green AND cloud:[0 TO 10]")
    urn = str(a_urn(1))

    body = answer.json()
    (item,) = body["content"]
    assert body["metadata"] == {"size": 20, "number": 0, "totalElements": 1, "totalPages": 1}
    assert (set(body), [link["rel"] for link in body["links"]]) == (
        {"metadata", "content", "links", "facets"},
        ["self"],
    )
    assert item["links"] == [{"rel": "self", "href": f"http://testserver.local/engines/legacy/dataobjects/{urn}"}]
    assert {"id", "virtualId", "providerId", "entityType", "label", "model", "type", "geometry"} <= set(item["content"])
    (raw,) = item["content"]["files"]["RAWDATA"]
    assert raw["uri"] == f"http://testserver.local/downloads/{urn}/files/c1"
    assert (raw["online"], raw["reference"]) == (True, False)
    assert item["content"]["files"]["THUMBNAIL"][0]["online"] is False
    (reference,) = item["content"]["files"]["DOCUMENT"]
    assert (reference["uri"], reference["reference"], reference["online"]) == (LINK, True, False)


async def test_line_7_rawdata_is_emptied_for_those_without_a_data_right_and_nothing_else_is(service):
    answer = await found(service, q="label:hill")
    (item,) = answer.json()["content"]

    assert item["content"]["files"]["RAWDATA"] == []
    assert [file["checksum"] for file in item["content"]["files"]["THUMBNAIL"]] == ["c2"]
    assert await labels(service, q="rawdata:scene") == ["Green valley"]


async def test_each_caller_sees_what_their_groups_see(service):
    assert await labels(service, q="label:green") == ["Green valley", "Green hill"]
    assert await labels(service, q="label:green", role=Role.PROJECT_ADMIN) == [
        "Green valley",
        "Green hill",
        "Green secret",
    ]
    async with service.client() as client:
        anonymous = await client.get("/engines/legacy/dataobjects/search", params={"scope": TENANT})
        elsewhere = await client.get("/engines/legacy/dataobjects/search", params={"scope": OTHER_TENANT})
    assert anonymous.json()["metadata"]["totalElements"] == 2
    assert elsewhere.json()["metadata"] == {"size": 20, "number": 0, "totalElements": 0, "totalPages": 0}


async def test_one_product_is_looked_at_or_unknown_whether_it_is_hidden_or_not_there(service):
    seen = await found(service, f"dataobjects/{a_urn(2)}")
    last = await found(service, f"entities/{a_urn(1).virtual_id}")
    hidden = await found(service, f"dataobjects/{a_urn(3)}")
    unknown = await found(service, f"dataobjects/{a_urn(9)}")
    other = await found(service, f"datasets/{a_urn(1)}")

    assert (seen.status_code, seen.json()["content"]["files"]["RAWDATA"]) == (200, [])
    assert last.json()["content"]["id"] == str(a_urn(1))
    assert [answer.status_code for answer in (hidden, unknown, other)] == [404, 404, 404]
    assert hidden.text.replace(str(a_urn(3)), "") == unknown.text.replace(str(a_urn(9)), "")


async def test_pages_are_linked_and_no_token_is_repeated(service):
    first = await found(service, q="label:green", size=1, sort="cloud,DESC", scope=TENANT)
    links = {link["rel"]: link["href"] for link in first.json()["links"]}
    assert first.json()["content"][0]["content"]["label"] == "Green hill"
    assert (set(links), "token" in links["next"]) == ({"self", "next"}, False)

    async with service.client() as client:
        headers = service.bearer(Role.REGISTERED_USER, "alice@example.org")
        second = await client.get(links["next"], headers=headers)
    assert [item["content"]["label"] for item in second.json()["content"]] == ["Green valley"]
    assert [link["rel"] for link in second.json()["links"]] == ["self", "prev"]


async def test_datasets_and_what_is_in_them(service):
    (dataset,) = (await found(service, "datasets/search")).json()["content"]
    assert [link["rel"] for link in dataset["links"]] == ["self", "dataobjects", "dataobjects-files"]
    assert await labels(service, f"datasets/{OPEN.virtual_id}/dataobjects/search") == ["Green valley"]
    assert await labels(service, f"datasets/{HIDDEN}/dataobjects/search") == []


async def test_values_of_a_property_are_listed(service):
    answer = await found(service, "dataobjects/search/properties/label/values", partialText="hill")

    assert answer.json() == ["Green hill"]


@pytest.mark.parametrize(
    "params",
    [
        {"q": "label:(green"},
        {"q": "free words"},
        {"q": "label:/(/"},
        {"q": "label:\x00"},
        {"sort": "label,UP"},
        {"sort": "a..b"},
        {"bbox": "1,2,3"},
        {"bbox": "0,nan,1,1"},
        {"lon": "5"},
        {"lon": "500", "lat": "1", "r": "1"},
        {"g": "POINT (1"},
        {"size": "0"},
        {"page": "-1"},
        {"page": "9000000", "size": "1000"},
    ],
)
async def test_what_cannot_be_read_is_400(service, params):
    answer = await found(service, **params)

    assert answer.status_code == 400
    assert answer.json()["messages"]


async def test_a_refused_query_says_where(service):
    assert "character 13" in (await found(service, q="label:(green")).json()["messages"][0]
