"""Whole tenants: added, removed, and in maintenance."""

from datetime import timedelta

import pytest

from domain.access import Role
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.factories import a_file, a_location, a_storage

pytestmark = pytest.mark.anyio

SECONDS = timedelta(seconds=2)


def with_files(service: Service) -> None:
    tables = service.database.tables
    for tenant in (TENANT, OTHER_TENANT):
        tables.storages[tenant, "disk"] = a_storage(tenant=tenant)
        tables.files[tenant, "c1"] = a_file(tenant=tenant)
        tables.locations[tenant, "c1", "disk"] = a_location(tenant=tenant)


async def test_a_tenant_is_added_once_and_served():
    service = Service()
    admin = service.bearer(Role.INSTANCE_ADMIN)
    async with service.client() as client:
        first = await client.post("/tenants", json={"name": "new"}, headers=admin)
        again = await client.post("/tenants", json={"name": "new"}, headers=admin)
        refused = await client.post("/tenants", json={"name": "a b"}, headers=admin)
        listed = await client.get("/tenants", headers=admin)
        service.clock.advance(SECONDS)
        served = await client.get("/quota", headers={"scope": "new"})

    assert (first.status_code, first.headers["location"], first.json()) == (201, "/tenants/new", {"name": "new"})
    assert (again.status_code, refused.status_code, served.status_code) == (200, 422, 200)
    assert listed.json() == [{"name": TENANT}, {"name": "new"}, {"name": OTHER_TENANT}]


async def test_a_removed_tenant_leaves_nothing_and_its_name_is_free_after_a_while():
    service = Service()
    with_files(service)
    admin = service.bearer(Role.INSTANCE_ADMIN, tenant=OTHER_TENANT)
    async with service.client() as client:
        removed = await client.delete(f"/tenants/{TENANT}", headers=admin)
        again = await client.delete(f"/tenants/{TENANT}", headers=admin)
        too_soon = await client.post("/tenants", json={"name": TENANT}, headers=admin)
        service.clock.advance(SECONDS)
        caller = await client.get("/quota", headers=service.bearer(Role.PROJECT_ADMIN))

    assert (removed.status_code, again.status_code, too_soon.status_code) == (204, 404, 409)
    assert caller.status_code == 403
    assert {owner for owner, _ in service.database.tables.files} == {OTHER_TENANT}


async def test_in_maintenance_everything_can_be_read_and_nothing_changed():
    service = Service()
    with_files(service)
    admin, other = service.bearer(Role.PROJECT_ADMIN), service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)
    setting = {"json": {"value": 5}}
    async with service.client() as client:
        switched = await client.put(f"/maintenance/{TENANT}/enable", headers=admin)
        told = await client.get("/maintenance", headers=admin)
        service.clock.advance(SECONDS)
        refused = await client.put("/settings/maxQuota", **setting, headers=admin)
        problem = await client.put(
            "/settings/maxQuota", **setting, headers=admin | {"accept": "application/problem+json"}
        )
        weak = await client.put("/settings/maxQuota", **setting, headers=service.bearer(Role.PUBLIC))
        read = await client.get("/settings", headers=admin)
        head = await client.head("/files/c1/download", headers=admin)
        elsewhere = await client.put("/settings/maxQuota", **setting, headers=other)
        ended = await client.put(f"/maintenance/{TENANT}/disable", headers=admin)
        service.clock.advance(SECONDS)
        after = await client.put("/settings/maxQuota", **setting, headers=admin)

    assert switched.status_code == ended.status_code == 200
    assert told.json() == {
        "content": {TENANT: {"active": True, "lastUpdate": "2026-03-01T12:00:00.000000Z"}},
        "links": [],
    }
    assert (refused.status_code, refused.text) == (515, f"Tenant {TENANT} in maintenance!")
    assert refused.headers["content-type"].startswith("text/plain")
    assert problem.json()["type"] == "/problems/tenant-in-maintenance"
    assert weak.status_code == 403
    assert (read.status_code, head.status_code, elsewhere.status_code, after.status_code) == (200, 200, 200, 200)


@pytest.mark.parametrize(
    ("role", "tenant", "status"),
    [
        (Role.PROJECT_ADMIN, OTHER_TENANT, 403),
        (Role.SYSTEM, OTHER_TENANT, 403),
        (Role.INSTANCE_ADMIN, OTHER_TENANT, 200),
        (Role.INSTANCE_ADMIN, "unknown", 404),
    ],
)
async def test_only_an_administrator_of_the_installation_switches_other_tenants(role, tenant, status):
    service = Service()
    async with service.client() as client:
        answer = await client.put(f"/maintenance/{tenant}/enable", headers=service.bearer(role))

    assert answer.status_code == status


async def test_others_are_not_told_who_is_in_maintenance():
    service = Service()
    async with service.client() as client:
        for tenant in (TENANT, OTHER_TENANT):
            await client.put(f"/maintenance/{tenant}/enable", headers=service.bearer(Role.INSTANCE_ADMIN))
        own = await client.get("/maintenance", headers=service.bearer(Role.SYSTEM))
        every = await client.get("/maintenance", headers=service.bearer(Role.INSTANCE_ADMIN))

    assert own.json()["content"].keys() == {TENANT}
    assert every.json()["content"].keys() == {TENANT, OTHER_TENANT}
