"""Datasets, and many users and groups at once, over HTTP; and what a removed user leaves behind."""

from urllib.parse import quote

import pytest

from domain.access import Role
from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.e2e.test_catalogue_api import a_feature

pytestmark = pytest.mark.anyio

DATASET = str(a_dataset_urn())
LINK = {"link": "https://archive.example.org/licence.html"}
ALICE, BOB = "alice@example.org", "bob@example.org"


def a_dataset(**changes):
    return a_feature(**{"id": DATASET, "label": "Scenes", "files": {}, "tags": [], **changes})


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def headers(service):
    return service.bearer(Role.PROJECT_ADMIN)


async def test_a_dataset_is_put_read_changed_and_removed_and_is_the_product_of_that_name(service, headers):
    path = f"/datasets/{quote(DATASET, safe='')}"
    async with service.client() as client:
        new = await client.put(path, json=a_dataset(), headers=headers)
        changed = await client.put(path, json=a_dataset(label="More scenes"), headers=headers)
        last = await client.get(path.replace("V1", "LAST"), headers=headers)
        as_product = await client.get(f"/products/{DATASET}", headers=headers)
        removed = await client.delete(path, headers=headers)
        gone = [await client.request(method, path, headers=headers) for method in ("GET", "DELETE")]

    assert (new.status_code, changed.status_code, removed.status_code) == (201, 200, 204)
    assert (new.json()["entityType"], new.json()["label"]) == ("DATASET", "Scenes")
    assert last.json() == as_product.json()
    assert last.json()["label"] == "More scenes"
    assert [answer.status_code for answer in gone] == [404, 404]


@pytest.mark.parametrize("urn", [str(a_urn()), "hello"], ids=["data", "no urn"])
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
async def test_what_is_no_dataset_is_a_bad_request(service, headers, method, urn):
    body = {"json": a_dataset(id=urn)} if method == "PUT" else {}
    async with service.client() as client:
        answer = await client.request(method, f"/datasets/{urn}", headers=headers, **body)

    assert answer.status_code == 400


async def test_the_rules_for_products_are_those_for_datasets(service, headers):
    async with service.client() as client:
        other_name = await client.put(f"/datasets/{DATASET}", json=a_dataset(id=str(a_dataset_urn(2))), headers=headers)
        no_version = await client.put(f"/datasets/{DATASET.replace('V1', 'LAST')}", json=a_dataset(), headers=headers)
        not_ours = str(a_dataset_urn(tenant=OTHER_TENANT))
        of_others = await client.put(f"/datasets/{not_ours}", json=a_dataset(id=not_ours), headers=headers)

    assert [answer.status_code for answer in (other_name, no_version, of_others)] == [422, 422, 422]


async def test_the_users_of_a_group_are_replaced_at_once_or_not_at_all(service, headers):
    path = "/accessgroups/readers/users"
    async with service.client() as client:
        missing = await client.put(path, json={"users": [ALICE]}, headers=headers)
        await client.put("/accessgroups/readers", json={}, headers=headers)
        first = await client.put(path, json={"users": [BOB, ALICE, BOB]}, headers=headers)
        refused = [
            await client.put(path, json={"users": ["carol@example.org", bad]}, headers=headers)
            for bad in ("", "public@regards.com", "ticket:x", "x" * 129)
        ]
        kept = await client.get(path, headers=headers)
        second = await client.put(path, json={"users": ["carol@example.org"]}, headers=headers)
        nobody = await client.put(path, json={"users": []}, headers=headers)
        too_many = await client.put(path, json={"users": ["a"] * 10_001}, headers=headers)

    assert missing.status_code == 404
    assert first.json() == {"users": [ALICE, BOB]}
    assert [answer.status_code for answer in refused] == [422] * 4
    assert kept.json() == [ALICE, BOB]
    assert (second.json(), nobody.json()) == ({"users": ["carol@example.org"]}, {"users": []})
    assert too_many.status_code == 400


async def test_the_groups_of_a_user_are_replaced_at_once_or_not_at_all(service, headers):
    path = f"/users/{ALICE}/groups"
    async with service.client() as client:
        for name in ("aaa", "bbb", "ccc"):
            await client.put(f"/accessgroups/{name}", json={}, headers=headers)
        empty = await client.get(path, headers=headers)
        first = await client.put(path, json={"groups": ["bbb", "aaa"]}, headers=headers)
        unknown = await client.put(path, json={"groups": ["ccc", "ddd"]}, headers=headers)
        kept = await client.get(path, headers=headers)
        second = await client.put(path, json={"groups": ["ccc"]}, headers=headers)
        members = await client.get("/accessgroups/aaa/users", headers=headers)
        anonymous = await client.put("/users/public@regards.com/groups", json={"groups": ["ccc"]}, headers=headers)

        nobody = [await client.get(f"/users/{bad}/groups", headers=headers) for bad in ("%00", "ticket:x", "x" * 129)]

    assert [answer.status_code for answer in nobody] == [400, 422, 422]
    assert empty.json() == {"email": ALICE, "groups": []}
    assert first.json() == kept.json() == {"email": ALICE, "groups": ["aaa", "bbb"]}
    assert (unknown.status_code, anonymous.status_code) == (404, 422)
    assert second.json()["groups"] == ["ccc"]
    assert members.json() == []


async def test_a_removed_user_leaves_nothing_and_a_forgotten_account_leaves_all_but_the_account(service, headers):
    alice = service.bearer(Role.REGISTERED_USER, email=ALICE)
    async with service.client() as client:
        await client.put("/accessgroups/readers", json={}, headers=headers)
        await client.put(f"/users/{ALICE}/groups", json={"groups": ["readers"]}, headers=headers)
        await client.put("/licences", json=LINK, headers=headers)
        await client.put("/license", headers=alice)
        limits = {"email": ALICE, "maxQuota": 5, "rateLimit": 5}
        await client.put(f"/quota/{ALICE}", json=limits, headers=headers)

        account = await client.delete(f"/quota/{ALICE}", headers=headers)
        after_account = await client.get("/license", headers=alice)
        groups_after_account = await client.get(f"/users/{ALICE}/groups", headers=headers)
        removed = await client.delete(f"/users/{ALICE}", headers=headers)
        after = await client.get("/license", headers=alice)
        groups = await client.get(f"/users/{ALICE}/groups", headers=headers)
        again = await client.delete(f"/users/{ALICE}", headers=headers)
        nobody = await client.delete(f"/users/{'x' * 129}", headers=headers)

    assert (account.status_code, removed.status_code) == (204, 204)
    assert after_account.json()["content"]["accepted"]
    assert groups_after_account.json()["groups"] == ["readers"]
    assert not after.json()["content"]["accepted"]
    assert groups.json()["groups"] == []
    assert (again.status_code, nobody.status_code) == (404, 422)


async def test_whoever_reads_and_writes_groups_of_users_is_a_manager_of_the_same_tenant(service):
    other = service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)
    mine = service.bearer(Role.PROJECT_ADMIN, tenant=TENANT)
    async with service.client() as client:
        await client.put("/accessgroups/readers", json={}, headers=mine)
        await client.put("/accessgroups/readers/users", json={"users": [ALICE]}, headers=mine)
        seen = await client.get(f"/users/{ALICE}/groups", headers=other)
        changed = await client.put("/accessgroups/readers/users", json={"users": []}, headers=other)
        kept = await client.get("/accessgroups/readers/users", headers=mine)

    assert (seen.json()["groups"], changed.status_code, kept.json()) == ([], 404, [ALICE])
