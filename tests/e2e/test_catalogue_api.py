"""The catalogue over HTTP: products in, groups, rights and licences."""

import json
from urllib.parse import quote

import pytest

from domain.access import Role
from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.e2e.service import OTHER_TENANT, TENANT, Service

pytestmark = pytest.mark.anyio

URN = str(a_urn())
DATASET = str(a_dataset_urn().virtual_id)


def a_feature(number: int = 1, version: int = 1, **changes):
    file = {
        "dataType": "RAWDATA",
        "checksum": f"c{number}",
        "digestAlgorithm": "MD5",
        "filename": "scene.tif",
        "filesize": 190,
        "mimeType": "image/tiff",
        "reference": False,
    }
    return {
        "type": "Feature",
        "id": str(a_urn(number, version=version)),
        "providerId": f"scene-{number}",
        "label": "A scene",
        "model": "scene",
        "geometry": {"type": "Point", "coordinates": [1.5, 43.5]},
        "properties": {"cloud": 3},
        "files": {"RAWDATA": [file]},
        "tags": ["blue", DATASET],
        **changes,
    }


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def headers(service):
    return service.bearer(Role.PROJECT_ADMIN)


async def test_a_product_is_put_read_changed_and_removed(service, headers):
    async with service.client() as client:
        new = await client.put(f"/products/{URN}", json=a_feature(), headers=headers)
        again = await client.put(f"/products/{quote(URN, safe='')}", json=a_feature(), headers=headers)
        changed = await client.put(f"/products/{URN}", json=a_feature(label="Another"), headers=headers)
        read = await client.get(f"/products/{URN.replace('V1', 'LAST')}", headers=headers)
        removed = await client.delete(f"/products/{URN}", headers=headers)
        gone = await client.delete(f"/products/{URN}", headers=headers)

    assert [new.status_code, again.status_code, changed.status_code] == [201, 200, 200]
    assert new.json()["files"]["RAWDATA"][0]["checksum"] == "c1"
    assert (read.json()["id"], read.json()["label"], read.json()["tags"]) == (URN, "Another", ["blue", DATASET])
    assert (removed.status_code, gone.status_code) == (204, 404)


async def test_what_was_read_can_be_put_again_and_changes_nothing(service, headers):
    async with service.client() as client:
        await client.put(f"/products/{URN}", json=a_feature(), headers=headers)
        read = (await client.get(f"/products/{URN}", headers=headers)).json()
        report = await client.put("/products", json={"features": [read]}, headers=headers)

    assert report.json() == {"added": 0, "changed": 0, "unchanged": 1, "refused": []}


async def test_many_products_are_taken_and_the_others_refused_with_the_reason(service, headers):
    features = [a_feature(1), {"id": "x"}, a_feature(2, files={"PICTURE": []}), a_feature(3), 7, a_feature(1)]
    features[2]["files"] = {"PICTURE": [{}]}
    async with service.client() as client:
        report = await client.put(
            "/products", json={"type": "FeatureCollection", "features": features}, headers=headers
        )
        listed = await client.get("/products", headers=headers)

    body = report.json()
    assert (report.status_code, body["added"], body["unchanged"]) == (200, 2, 1)
    assert [(item["index"], item["code"]) for item in body["refused"]] == [
        (1, "invalid-value"),
        (2, "invalid-value"),
        (4, "invalid-value"),
    ]
    assert body["refused"][0]["name"] == "x"
    assert "PICTURE" in body["refused"][1]["reason"]
    assert [entry["id"] for entry in listed.json()["products"]] == [str(a_urn(1)), str(a_urn(3))]


async def test_items_of_stac_are_taken_as_well(service, headers):
    item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "scene-1",
        "collection": "scenes",
        "geometry": None,
        "properties": {"datetime": "2026-01-31T12:00:00Z"},
        "assets": {"scene.tif": {"href": "https://x.org/scene.tif", "roles": ["data"]}},
        "links": [],
    }
    async with service.client() as client:
        report = await client.put("/products", json={"features": [item]}, headers=headers)
        (entry,) = (await client.get("/products", headers=headers)).json()["products"]

    assert report.json()["added"] == 1
    assert (entry["providerId"], entry["files"]) == ("scene-1", 1)


async def test_more_than_a_thousand_at_once_are_too_many(service, headers):
    async with service.client() as client:
        answer = await client.put("/products", json={"features": [0] * 1001}, headers=headers)

    assert answer.status_code == 400


@pytest.mark.parametrize("urn", ["hello", "URN:AIP:DATA:demo:x:V1", f"{URN}x", quote("URN:\u00e9", safe="")])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_what_is_no_urn_is_a_bad_request(service, headers, method, urn):
    async with service.client() as client:
        answer = await client.request(method, f"/products/{urn}", headers=headers, json={} if method == "PUT" else None)

    assert answer.status_code == 400
    assert "URN" in answer.json()["detail"]


async def test_a_product_must_be_the_one_that_the_address_names(service, headers):
    async with service.client() as client:
        other = await client.put(f"/products/{a_urn(2)}", json=a_feature(1), headers=headers)
        foreign = a_urn(1, tenant=OTHER_TENANT)
        elsewhere = await client.put(f"/products/{foreign}", json=a_feature(id=str(foreign)), headers=headers)
        last = await client.put(f"/products/{URN[:-2]}LAST", json=a_feature(id=URN[:-2] + "LAST"), headers=headers)

    assert [other.status_code, elsewhere.status_code, last.status_code] == [422, 422, 422]
    assert service.database.tables.products == {}


async def test_a_product_of_another_tenant_is_not_there(service, headers):
    theirs = service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)
    async with service.client() as client:
        await client.put(f"/products/{URN}", json=a_feature(), headers=headers)
        answers = [
            await client.get(f"/products/{URN}", headers=theirs),
            await client.delete(f"/products/{URN}", headers=theirs),
        ]
        listed = await client.get("/products", headers=theirs)

    assert [answer.status_code for answer in answers] == [404, 404]
    assert listed.json()["products"] == []
    assert len(service.database.tables.products) == 1


async def test_products_are_listed_page_by_page_of_one_kind_and_of_one_dataset(service, headers):
    features = [a_feature(1), a_feature(2, tags=[]), a_feature(3), {**a_feature(4), "id": DATASET[:-4] + "V1"}]
    async with service.client() as client:
        await client.put("/products", json={"features": features}, headers=headers)
        first = (await client.get("/products?limit=1&entityType=DATA", headers=headers)).json()
        rest = (
            await client.get(f"/products?entityType=DATA&after={quote(first['nextAfter'])}", headers=headers)
        ).json()
        members = (await client.get(f"/products?dataset={DATASET}", headers=headers)).json()
        wrong = await client.get(f"/products?dataset={URN}", headers=headers)

    assert [entry["id"] for entry in first["products"] + rest["products"]] == [str(a_urn(n)) for n in (1, 2, 3)]
    assert "nextAfter" not in rest
    assert [entry["id"] for entry in members["products"]] == [str(a_urn(1)), str(a_urn(3))]
    assert wrong.status_code == 400


async def test_groups_members_and_rights(service, headers):
    right = {
        "group": "readers",
        "dataset": str(a_dataset_urn()),
        "metadataAccessLevel": "FULL_ACCESS",
        "fileAccessLevel": "NO_ACCESS",
    }
    stored = {**right, "dataset": DATASET}
    async with service.client() as client:
        early = await client.put("/accessrights", json=right, headers=headers)
        made = await client.put("/accessgroups/readers", json={"isPublic": True}, headers=headers)
        joined = await client.put("/accessgroups/readers/users/alice@x.org", headers=headers)
        nowhere = await client.put("/accessgroups/unknown/users/alice@x.org", headers=headers)
        members = await client.get("/accessgroups/readers/users", headers=headers)
        given = await client.put("/accessrights", json=right, headers=headers)
        listed = await client.get(f"/accessrights?group=readers&dataset={DATASET}", headers=headers)
        taken = await client.delete(f"/accessrights?group=readers&dataset={DATASET}", headers=headers)
        again = await client.delete(f"/accessrights?group=readers&dataset={DATASET}", headers=headers)
        left = await client.delete("/accessgroups/readers/users/alice@x.org", headers=headers)
        removed = await client.delete("/accessgroups/readers", headers=headers)
        groups = await client.get("/accessgroups", headers=headers)

    assert early.status_code == 404
    assert made.json() == {"name": "readers", "isPublic": True, "isInternal": False}
    assert joined.json() == {"email": "alice@x.org", "groups": ["readers"]}
    assert nowhere.status_code == 404
    assert members.json() == ["alice@x.org"]
    assert (given.json(), listed.json()) == (stored, [stored])
    assert [taken.status_code, again.status_code, left.status_code, removed.status_code] == [204, 404, 204, 204]
    assert groups.json() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"metadataAccessLevel": "CUSTOM_ACCESS"}, 422),
        ({"fileAccessLevel": "CUSTOM_ACCESS"}, 422),
        ({"metadataAccessLevel": "SOME"}, 400),
        ({"dataset": "hello"}, 400),
        ({"dataset": URN}, 422),
        ({"dataset": str(a_dataset_urn(tenant=OTHER_TENANT))}, 422),
        ({"group": "x"}, 422),
        ({"group": "unknown"}, 404),
    ],
    ids=str,
)
async def test_a_right_that_cannot_be_given(service, headers, change, status):
    right = {
        "group": "readers",
        "dataset": DATASET,
        "metadataAccessLevel": "FULL_ACCESS",
        "fileAccessLevel": "INHERITED_ACCESS",
        **change,
    }
    async with service.client() as client:
        await client.put("/accessgroups/readers", json={}, headers=headers)
        answer = await client.put("/accessrights", json=right, headers=headers)

    assert answer.status_code == status
    assert service.database.tables.rights == {}


@pytest.mark.parametrize(
    ("name", "email"), [("ab", "a@x.org"), ("readers", "public@regards.com"), ("readers", "ticket:a")]
)
async def test_names_and_users_that_no_group_takes(service, headers, name, email):
    async with service.client() as client:
        await client.put(f"/accessgroups/{name}", json={}, headers=headers)
        answer = await client.put(f"/accessgroups/{name}/users/{email}", headers=headers)

    assert answer.status_code in {404, 422}
    assert service.database.tables.user_groups == {}


async def test_licences(service, headers):
    own = {"link": "https://x.org/own.html", "dataset": str(a_dataset_urn()), "textSha256": "0" * 64}
    async with service.client() as client:
        whole = await client.put("/licences", json={"link": "https://x.org/all.html"}, headers=headers)
        put = await client.put("/licences", json=own, headers=headers)
        bad = await client.put("/licences", json={"link": "all.html"}, headers=headers)
        listed = await client.get("/licences", headers=headers)
        withdrawn = await client.delete(f"/licences?dataset={DATASET}", headers=headers)
        again = await client.delete(f"/licences?dataset={DATASET}", headers=headers)

    assert whole.json() == {"link": "https://x.org/all.html", "edition": 0}
    assert put.json() == {**own, "dataset": DATASET, "edition": 0}
    assert bad.status_code == 422
    assert listed.json() == [whole.json(), put.json()]
    assert [withdrawn.status_code, again.status_code] == [204, 404]


async def test_json_that_no_product_can_hold_is_refused_and_nothing_breaks(service, headers):
    deep: object = 1
    for _ in range(60):
        deep = [deep]
    documents = [a_feature(1, properties={"a": deep}), a_feature(2, properties={"a": 2**70}), a_feature(3, label=5)]
    async with service.client() as client:
        report = await client.put("/products", content=json.dumps({"features": documents}), headers=headers)
        nul = await client.put(
            "/products", content=json.dumps({"features": [a_feature(4, label="a\x00")]}), headers=headers
        )

    assert [item["index"] for item in report.json()["refused"]] == [0, 1, 2]
    assert len(nul.json()["refused"]) == 1
    assert TENANT not in {tenant for tenant, _ in service.database.tables.products}
