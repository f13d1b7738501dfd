"""Storages and plugins over HTTP (contract-downloader 1.7 and 8.1)."""

import pytest

from domain.access import Role
from tests.e2e.service import OTHER_TENANT, Service

pytestmark = pytest.mark.anyio

DISK = {
    "name": "disk-1",
    "pluginConfiguration": {
        "pluginId": "Memory",
        "active": True,
        "parameters": [{"name": "root", "type": "STRING", "value": "/"}],
        "label": "disk-1",
        "businessId": "disk-1",
        "version": "1",
    },
    "storageType": "ONLINE",
    "priority": 0,
    "allocatedSizeInKo": 0,
    "verify": False,
    "delivery": "STREAM",
}


def named(name: str) -> dict[str, object]:
    return {"name": name, "pluginConfiguration": {"pluginId": "Memory"}}


async def test_a_storage_is_added_read_changed_and_removed():
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        added = await client.post("/storages", headers=admin, json=named("disk-1"))
        listed = await client.get("/storages", headers=admin)
        read = await client.get(added.headers["location"], headers=admin)
        changed = await client.put("/storages/disk-1", headers=admin, json={**DISK, "verify": True})
        removed = await client.delete("/storages/disk-1", headers=admin)
        gone = await client.get("/storages/disk-1", headers=admin)

    assert (added.status_code, added.json()) == (201, DISK)
    assert added.headers["location"] == "/storages/disk-1"
    assert listed.json() == [DISK]
    assert read.json() == DISK
    assert (changed.status_code, changed.json()) == (200, {**DISK, "verify": True})
    assert (removed.status_code, removed.content) == (204, b"")
    assert gone.status_code == 404


async def test_an_offline_storage_has_no_plugin():
    service = Service()

    async with service.client() as client:
        added = await client.post("/storages", headers=service.bearer(Role.PROJECT_ADMIN), json={"name": "shelf"})

    assert added.json() == {
        "name": "shelf",
        "storageType": "OFFLINE",
        "priority": 0,
        "allocatedSizeInKo": 0,
        "verify": False,
        "delivery": "STREAM",
    }


async def test_storages_change_places():
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        for name in ("disk-1", "disk-2"):
            await client.post("/storages", headers=admin, json=named(name))
        up = await client.put("/storages/disk-2/up", headers=admin)
        order = [item["name"] for item in (await client.get("/storages", headers=admin)).json()]
        down = await client.put("/storages/disk-2/down", headers=admin)

    assert (up.json()["priority"], order, down.json()["priority"]) == (0, ["disk-2", "disk-1"], 1)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (named("a b"), 422, "A storage name has"),
        ({"name": "x", "pluginConfiguration": {"pluginId": "Unknown"}}, 422, "cannot be used"),
        ({"name": "x", "pluginConfiguration": {}}, 400, "pluginId"),
        ({"name": "x", "colour": "blue"}, 400, "colour"),
        ({"name": "x", "allocatedSizeInKo": -1}, 400, "allocatedSizeInKo"),
        (
            {
                "name": "x",
                "pluginConfiguration": {
                    "pluginId": "Memory",
                    "parameters": [{"name": "root", "value": "/a"}, {"name": "root", "value": "/b"}],
                },
            },
            422,
            "twice",
        ),
        (named("taken"), 409, "already"),
    ],
)
async def test_what_cannot_be_a_storage_is_refused_by_name(body, status, said):
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        await client.post("/storages", headers=admin, json=named("taken"))
        answer = await client.post("/storages", headers=admin, json=body)

    assert answer.status_code == status
    assert said in answer.json()["detail"]


async def test_a_storage_keeps_its_name():
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        await client.post("/storages", headers=admin, json=named("disk-1"))
        answer = await client.put("/storages/disk-1", headers=admin, json=named("disk-2"))

    assert answer.status_code == 422


async def test_a_secret_never_leaves():
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)
    body = named("disk-1")
    body["pluginConfiguration"] = {"pluginId": "Memory", "parameters": [{"name": "password", "value": "hush"}]}

    async with service.client() as client:
        added = await client.post("/storages", headers=admin, json=body)

    assert "hush" not in added.text
    assert {"name": "password", "type": "STRING", "value": "********"} in added.json()["pluginConfiguration"][
        "parameters"
    ]


async def test_storages_of_another_tenant_do_not_exist():
    service = Service()
    other = service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)

    async with service.client() as client:
        await client.post("/storages", headers=service.bearer(Role.PROJECT_ADMIN), json=named("disk-1"))
        listed = await client.get("/storages", headers=other)
        read = await client.get("/storages/disk-1", headers=other)
        removed = await client.delete("/storages/disk-1", headers=other)

    assert (listed.json(), read.status_code, removed.status_code) == ([], 404, 404)


async def test_plugins_are_public():
    async with Service().client() as client:
        answer = await client.get("/plugins?scope=demo")

    broken, memory = answer.json()
    assert broken == {
        "content": {
            "pluginId": "Broken",
            "description": "",
            "version": "",
            "parameters": [],
            "error": "It cannot be imported.",
        },
        "links": [],
    }
    assert memory["content"]["storageType"] == "ONLINE"
    assert memory["content"]["parameters"] == [
        {
            "name": "root",
            "label": "root",
            "type": "STRING",
            "description": "Prefix of every URL.",
            "optional": True,
            "sensitive": False,
            "defaultValue": "/",
        },
        {
            "name": "password",
            "label": "password",
            "type": "STRING",
            "description": "Opens it.",
            "optional": True,
            "sensitive": True,
        },
    ]
