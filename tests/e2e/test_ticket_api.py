"""Tickets over HTTP: issued, used, listed and revoked."""

from datetime import timedelta

import pytest

from domain.access import Role
from tests.e2e.service import OTHER_TENANT, Service
from tests.factories import a_file, a_location, a_storage

pytestmark = pytest.mark.anyio

DATA = b"0123456789"
URL = "memory:///disk-1/c1"


def a_service() -> Service:
    service = Service()
    tables = service.database.tables
    tables.storages["demo", "disk-1"] = a_storage("disk-1")
    tables.files["demo", "c1"] = a_file(size=len(DATA))
    version = service.disk.put(URL, DATA)
    tables.locations["demo", "c1", "disk-1"] = a_location(storage="disk-1", url=URL, version=version)
    return service


async def test_a_ticket_shows_its_token_once_and_where_it_leads():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        issued = await client.post(
            "/tickets", headers=admin, json={"checksum": "c1", "lifetimeSeconds": 60, "maxUses": 1, "email": "p@x.org"}
        )
        read = await client.get(issued.headers["location"], headers=admin)
        listed = await client.get("/tickets?checksum=c1&issuedBy=admin@x.org", headers=admin)

    token = issued.json()["token"]
    shown = {
        "id": "id-0001",
        "checksum": "c1",
        "state": "ISSUED",
        "issuedBy": "admin@x.org",
        "issuedAt": "2026-03-01T12:00:00.000000Z",
        "expiresAt": "2026-03-01T12:01:00.000000Z",
        "email": "p@x.org",
        "maxUses": 1,
        "uses": 0,
    }
    path = f"/files/c1/download/token?t={token}&scope=demo"
    assert issued.status_code == 201
    assert issued.headers["cache-control"] == "no-store"
    assert issued.json() == {**shown, "token": token, "path": path, "url": f"http://testserver.local{path}"}
    assert read.json() == shown
    assert listed.json() == {"tickets": [shown]}


async def test_a_ticket_opens_its_file_without_any_token_until_it_is_revoked():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        ticket = (await client.post("/tickets", headers=admin, json={"checksum": "c1"})).json()
        opened = await client.get(ticket["path"])
        revoked = await client.delete(f"/tickets/{ticket['id']}", headers=admin)
        revoked_again = await client.delete(f"/tickets/{ticket['id']}", headers=admin)
        refused = await client.get(ticket["path"])
        explained = await client.get(ticket["path"], headers={"accept": "application/problem+json"})

    assert (opened.status_code, opened.content) == (200, DATA)
    assert (revoked.status_code, revoked_again.status_code) == (204, 204)
    assert (refused.status_code, refused.content) == (403, b"")
    assert explained.json()["type"] == "/problems/ticket-refused"
    assert ticket["token"] not in explained.text


async def test_a_ticket_opens_nothing_once_expired_or_used_up():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        once = (await client.post("/tickets", headers=admin, json={"checksum": "c1", "maxUses": 1})).json()
        short = (await client.post("/tickets", headers=admin, json={"checksum": "c1", "lifetimeSeconds": 1})).json()
        first = await client.get(once["path"])
        second = await client.get(once["path"])
        service.clock.advance(timedelta(seconds=2))
        late = await client.get(short["path"])
        states = [
            (await client.get(f"/tickets/{ticket['id']}", headers=admin)).json()["state"] for ticket in (once, short)
        ]

    assert [answer.status_code for answer in (first, second, late)] == [200, 403, 403]
    assert states == ["EXHAUSTED", "EXPIRED"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"checksum": "unknown"}, 404),
        ({"checksum": "c1", "lifetimeSeconds": 0}, 422),
        ({"checksum": "c1", "lifetimeSeconds": 10**12}, 422),
        ({"checksum": "c1", "email": ""}, 422),
        ({"checksum": "c1", "maxUses": 0}, 400),
        ({"checksum": "c1", "uses": 1}, 400),
        ({}, 400),
    ],
)
async def test_a_ticket_that_could_open_nothing_is_refused(body, status):
    service = a_service()

    async with service.client() as client:
        answer = await client.post("/tickets", headers=service.bearer(Role.PROJECT_ADMIN), json=body)

    assert answer.status_code == status
    assert service.database.tables.tickets == {}


async def test_tickets_are_listed_page_by_page():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        for _ in range(3):
            await client.post("/tickets", headers=admin, json={"checksum": "c1"})
        first = (await client.get("/tickets?limit=2", headers=admin)).json()
        second = (await client.get(f"/tickets?limit=2&after={first['nextAfter']}", headers=admin)).json()

    assert [len(first["tickets"]), len(second["tickets"])] == [2, 1]
    assert "token" not in str(first)


async def test_tickets_of_another_tenant_do_not_exist():
    service = a_service()
    other = service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)

    async with service.client() as client:
        ticket = (
            await client.post("/tickets", headers=service.bearer(Role.PROJECT_ADMIN), json={"checksum": "c1"})
        ).json()
        read = await client.get(f"/tickets/{ticket['id']}", headers=other)
        revoked = await client.delete(f"/tickets/{ticket['id']}", headers=other)
        used = await client.get(ticket["path"].replace("scope=demo", "scope=other"))
        listed = await client.get("/tickets", headers=other)

    assert [read.status_code, revoked.status_code, used.status_code] == [404, 404, 403]
    assert listed.json() == {"tickets": []}
