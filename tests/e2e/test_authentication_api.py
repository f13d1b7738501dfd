"""Who is calling (contract-downloader 10.1)."""

from datetime import timedelta

import pytest

from domain.access import Caller, Role
from tests.e2e.service import OTHER_TENANT, TENANT, Service

pytestmark = pytest.mark.anyio


async def ask(service: Service, path: str = "/quota", **headers: str):
    async with service.client() as client:
        return await client.get(path, headers=headers)


async def test_a_bearer_token_names_user_and_tenant():
    service = Service()

    answer = await ask(service, **service.bearer(Role.REGISTERED_USER, "alice@x.org"))

    assert answer.json()["email"] == "alice@x.org"


@pytest.mark.parametrize(("path", "headers"), [("/quota", {"scope": TENANT}), (f"/quota?scope={TENANT}", {})])
async def test_without_a_token_a_tenant_must_be_named(path, headers):
    answer = await ask(Service(), path, **headers)

    assert answer.json() == {"email": "public@regards.com", "maxQuota": 0, "rateLimit": 0}


async def test_nobody_without_a_token_or_a_tenant():
    answer = await ask(Service())

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["messages"][0].startswith("[REGARDS PUBLIC FILTER] Missing 'scope' header or param")


async def test_the_tenant_of_the_token_is_authoritative():
    service = Service()
    service.database.tables.settings[OTHER_TENANT, "maxQuota"] = 9

    answer = await ask(
        service, f"/quota?scope={OTHER_TENANT}", **service.bearer(Role.REGISTERED_USER), scope=OTHER_TENANT
    )

    assert answer.json()["maxQuota"] == -1


async def test_a_tenant_that_is_not_served_lets_nobody_in():
    service = Service()

    by_scope = await ask(service, scope="unknown")
    by_token = await ask(service, **service.bearer(Role.INSTANCE_ADMIN, tenant="unknown"))

    assert (by_scope.status_code, by_token.status_code) == (401, 403)


async def test_a_new_tenant_is_served_within_a_second():
    service = Service()

    async with service.client() as client:
        before = await client.get("/quota", headers={"scope": "new"})
        service.database.tables.tenants["new"] = service.clock.now()
        service.clock.advance(timedelta(seconds=1))
        after = await client.get("/quota", headers={"scope": "new"})

    assert (before.status_code, after.status_code) == (401, 200)


async def test_known_tenants_are_not_read_at_every_request():
    service = Service()

    async with service.client() as client:
        await client.get("/plugins", headers={"scope": TENANT})
        service.database.is_down = True
        within = await client.get("/plugins", headers={"scope": TENANT})
        service.clock.advance(timedelta(seconds=2))
        later = await client.get("/plugins", headers={"scope": TENANT})

    assert (within.status_code, later.status_code) == (200, 503)


@pytest.mark.parametrize("authorization", ["Basic dTpw", "Bearer", "Bearer ", "bearer nonsense", "Token x", ""])
async def test_what_is_no_valid_bearer_token_is_refused_even_with_a_tenant(authorization):
    answer = await ask(Service(), authorization=authorization, scope=TENANT)

    assert answer.status_code == 401


async def test_the_scheme_is_read_without_case():
    service = Service()
    token = service.bearer(Role.PUBLIC)["authorization"].removeprefix("Bearer ")

    assert (await ask(service, authorization=f"bearer  {token}")).status_code == 200


async def test_a_token_in_the_address_is_not_read():
    service = Service()
    token = service.bearer(Role.PUBLIC)["authorization"].removeprefix("Bearer ")

    assert (await ask(service, f"/quota?token={token}&access_token={token}")).status_code == 401


async def test_a_token_stops_working_when_it_expires():
    service = Service()
    token = service.tokens.issue(Caller(TENANT, "a@x.org", Role.PUBLIC), timedelta(seconds=10))

    async with service.client() as client:
        headers = {"authorization": f"Bearer {token}"}
        before = await client.get("/quota", headers=headers)
        service.clock.advance(timedelta(seconds=10))
        after = await client.get("/quota", headers=headers)

    assert (before.status_code, after.status_code) == (200, 401)
    assert after.json()["type"] == "/problems/invalid-token"
    assert token not in after.text
