"""Logging in, and who may (contract-catalog sections 6.1 and 6.3)."""

import base64

import httpx
import pytest

from domain.access import Role
from domain.guessing import FREE_ATTEMPTS
from tests.e2e.service import OTHER_TENANT, TENANT, Service

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
ALICE = {"username": "alice@x.org", "password": PASSWORD, "grant_type": "password"}


async def with_alice(service: Service, **changes: object) -> Service:
    async with service.client() as client:
        answer = await client.put(
            "/users/alice@x.org",
            json={"password": PASSWORD, **changes},
            headers=service.bearer(Role.PROJECT_ADMIN),
        )
    assert answer.status_code == 201, answer.text
    return service


async def log_in(service: Service, body=None, *, scope: str | None = TENANT, **options):
    query = {} if scope is None else {"scope": scope}
    async with service.client() as client:
        if "content" in options or "data" in options:
            return await client.post("/oauth/token", params=query, **options)
        return await client.post("/oauth/token", params=query, json=ALICE if body is None else body, **options)


async def test_a_name_and_a_password_are_exchanged_for_a_token_in_upstreams_words():
    service = await with_alice(Service(), role="EXPLOIT")

    answer = await log_in(service)

    token = answer.json().pop("access_token")
    assert answer.status_code == 200
    assert {k: v for k, v in answer.json().items() if k != "access_token"} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "scope": TENANT,
        "tenant": TENANT,
        "role": "EXPLOIT",
        "sub": "alice@x.org",
        "email": "alice@x.org",
    }
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    async with service.client() as client:
        mine = await client.get("/quota", headers={"authorization": f"bearer {token}"})
    assert mine.json()["email"] == "alice@x.org"


@pytest.mark.parametrize(
    "options",
    [
        {"data": ALICE},
        {"body": {**ALICE, "scope": TENANT}, "scope": None},
        {"scope": None, "headers": {"scope": TENANT}},
        {"body": {"username": "alice@x.org", "password": PASSWORD}},
    ],
)
async def test_every_way_that_clients_write_it_is_understood(options):
    assert (await log_in(await with_alice(Service()), **options)).status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"body": {"username": "alice@x.org"}},
        {"body": []},
        {"content": b"{"},
        {"content": b"{" * 20_000},
        {"body": {**ALICE, "grant_type": "refresh_token"}},
        {"scope": None},
    ],
)
async def test_what_cannot_be_read_is_400_and_never_quotes_the_password(options):
    answer = await log_in(await with_alice(Service()), **options)

    assert answer.status_code == 400
    assert PASSWORD not in answer.text


async def test_a_password_in_an_address_is_refused():
    service = await with_alice(Service())
    async with service.client() as client:
        answer = await client.post("/oauth/token", params={"scope": TENANT, **ALICE})

    assert answer.status_code == 400
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        ({**ALICE, "password": "wrong"}, TENANT),
        ({**ALICE, "username": "bob@x.org"}, TENANT),
        (ALICE, OTHER_TENANT),
        (ALICE, "nowhere"),
    ],
)
async def test_refused_users_are_all_told_the_same(body, scope):
    answer = await log_in(await with_alice(Service()), body, scope=scope)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["additionalInformation"] == {"error": "ACCOUNT_UNKNOWN"}


async def test_guessing_locks_the_account_and_says_for_how_long():
    service = await with_alice(Service())
    for _ in range(FREE_ATTEMPTS + 1):
        await log_in(service, {**ALICE, "password": "wrong"})

    answer = await log_in(service)

    assert answer.json()["additionalInformation"] == {"error": "ACCOUNT_LOCKED"}
    assert answer.headers["retry-after"] == "30"


async def test_who_guesses_locks_the_address_they_come_from_and_not_the_user():
    service = await with_alice(Service())
    guesser = {"x-forwarded-for": "192.0.2.66, 198.51.100.7"}
    proxied = httpx.ASGITransport(service.app(), client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=proxied, base_url="http://testserver.local") as client:

        async def answers(password: str, headers: dict[str, str]) -> int:
            given = {**ALICE, "password": password}
            return (await client.post(f"/oauth/token?scope={TENANT}", json=given, headers=headers)).status_code

        for _ in range(FREE_ATTEMPTS + 1):
            assert await answers("wrong", guesser) == 400

        assert await answers(PASSWORD, guesser) == 400
        assert await answers(PASSWORD, {"x-forwarded-for": "198.51.100.7, 203.0.113.5"}) == 200


async def test_a_client_secret_is_wanted_where_the_operator_has_set_one():
    service = await with_alice(Service(oauth_client="portal:s3cret"))

    def basic(text: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    assert (await log_in(service, headers=basic("portal:s3cret"))).status_code == 200
    for headers in (
        {},
        basic("client:secret"),
        {"authorization": "Basic x"},
        {"authorization": "Bearer portal:s3cret"},
    ):
        answer = await log_in(service, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_token_in_an_address_is_refused_unless_switched_on():
    service = Service()
    token = service.bearer(Role.REGISTERED_USER, "alice@x.org")["authorization"].removeprefix("Bearer ")
    open_door = Service(reads_token_in_url=True)

    async with service.client() as client:
        refused = await client.get("/quota", params={"token": token, "scope": TENANT})
    async with open_door.client() as client:
        taken = await client.get("/quota", params={"token": token})

    assert refused.status_code == 401
    assert token not in refused.text
    assert taken.json()["email"] == "alice@x.org"


async def test_an_administrator_keeps_the_users_of_their_tenant():
    service = await with_alice(Service())
    admin = service.bearer(Role.PROJECT_ADMIN)
    async with service.client() as client:
        changed = await client.put("/users/alice@x.org", json={"active": False, "role": "ADMIN"}, headers=admin)
        listed = await client.get("/users", headers=admin)
        elsewhere = await client.get("/users", headers=service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT))
        stronger = await client.put("/users/alice@x.org", json={"role": "INSTANCE_ADMIN"}, headers=admin)
        nobody = await client.put("/users/bob@x.org", json={"role": "ADMIN"}, headers=admin)
        short = await client.put("/users/bob@x.org", json={"password": "short"}, headers=admin)
        removed = await client.delete("/users/alice@x.org", headers=admin)
        again = await client.delete("/users/alice@x.org", headers=admin)

    assert changed.status_code == 200
    assert listed.json() == [changed.json()]
    assert "password" not in listed.text
    assert elsewhere.json() == []
    statuses = [stronger.status_code, nobody.status_code, short.status_code, removed.status_code, again.status_code]
    assert statuses == [403, 422, 400, 204, 404]


async def test_users_change_their_own_password():
    service = await with_alice(Service())
    alice = service.bearer(Role.REGISTERED_USER, "alice@x.org")
    async with service.client() as client:
        wrong = await client.put("/password", json={"oldPassword": "wrong", "password": "another horse"}, headers=alice)
        right = await client.put(
            "/password", json={"oldPassword": PASSWORD, "password": "another horse"}, headers=alice
        )

    assert (wrong.status_code, right.status_code) == (403, 204)
    assert (await log_in(service, {**ALICE, "password": "another horse"})).status_code == 200


async def test_only_the_operator_says_whose_tokens_a_tenant_takes():
    service = Service()
    issuer = {"issuer": "https://sso.x.org", "audience": "archive", "keysUrl": "https://sso.x.org/keys"}
    operator = service.bearer(Role.INSTANCE_ADMIN)
    path = f"/tenants/{TENANT}/issuers/lab"
    async with service.client() as client:
        refused = await client.put(path, json=issuer, headers=service.bearer(Role.PROJECT_ADMIN))
        saved = await client.put(path, json=issuer, headers=operator)
        taken = await client.put(f"/tenants/{OTHER_TENANT}/issuers/lab", json=issuer, headers=operator)
        unknown = await client.put("/tenants/nowhere/issuers/lab", json=issuer, headers=operator)
        listed = await client.get(f"/tenants/{TENANT}/issuers", headers=operator)
        removed = await client.delete(path, headers=operator)

    assert refused.status_code == 403
    assert saved.json()["name"] == "lab"
    assert (taken.status_code, unknown.status_code, removed.status_code) == (409, 404, 204)
    assert listed.json() == [saved.json()]
