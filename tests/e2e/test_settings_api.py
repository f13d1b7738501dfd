"""Settings over HTTP, in upstream's envelope (contract-downloader 1.6)."""

import pytest

from domain.access import Role
from domain.settings import DEFINITIONS
from tests.e2e.service import Service

pytestmark = pytest.mark.anyio

MAX_QUOTA = {
    "content": {
        "name": "maxQuota",
        "description": "Default max quota for RAWDATA download, in files. -1 is unlimited, 0 allows none.",
        "defaultValue": -1,
        "value": -1,
    },
    "links": [
        {"rel": "self", "href": "http://testserver.local/settings?names=maxQuota"},
        {"rel": "update", "href": "http://testserver.local/settings/maxQuota"},
        {"rel": "reset", "href": "http://testserver.local/settings/maxQuota"},
    ],
}


async def test_settings_come_in_upstreams_envelope():
    service = Service()

    async with service.client() as client:
        everything = await client.get("/settings", headers=service.bearer(Role.ADMIN))
        one = await client.get("/settings?names=maxQuota", headers=service.bearer(Role.ADMIN))

    assert [item["content"]["name"] for item in everything.json()] == [setting.name for setting in DEFINITIONS]
    assert one.json() == [MAX_QUOTA]


async def test_a_setting_is_changed_by_what_was_read_and_set_back():
    service = Service()
    admin = service.bearer(Role.ADMIN)

    async with service.client() as client:
        changed = await client.put("/settings/maxQuota", headers=admin, json={**MAX_QUOTA["content"], "value": 7})
        inherited = await client.get("/quota", headers=service.bearer(Role.REGISTERED_USER, "a@x.org"))
        reset = await client.delete("/settings/maxQuota", headers=admin)

    assert changed.json()["content"]["value"] == 7
    assert inherited.json()["maxQuota"] == 7
    assert reset.json() == MAX_QUOTA


@pytest.mark.parametrize("value", [-2, "7", 1.5, True])
async def test_a_value_that_no_setting_takes_is_422(value):
    service = Service()

    async with service.client() as client:
        answer = await client.put("/settings/maxQuota", headers=service.bearer(Role.ADMIN), json={"value": value})

    assert answer.status_code == 422
    assert answer.json()["messages"] == ["parameter [quota] must be a valid number >= -1"]


async def test_an_unknown_setting_is_404_and_a_missing_value_400():
    service = Service()
    admin = service.bearer(Role.ADMIN)

    async with service.client() as client:
        unknown = await client.put("/settings/nothing", headers=admin, json={"value": 1})
        missing = await client.put("/settings/maxQuota", headers=admin, json={})

    assert unknown.status_code == 404
    assert missing.status_code == 400
    assert "value" in missing.json()["detail"]
