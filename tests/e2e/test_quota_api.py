"""Quotas over HTTP, by upstream's payloads (contract-downloader 1.5)."""

import pytest

from domain.access import Role
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.factories import a_request

pytestmark = pytest.mark.anyio

ALICE = "alice@example.org"


async def test_own_limits_and_use():
    service = Service()
    await service.ledger.admit(a_request(), service.clock.now())
    alice = service.bearer(Role.REGISTERED_USER, ALICE)

    async with service.client() as client:
        limits = await client.get("/quota", headers=alice)
        current = await client.get("/quota/current", headers=alice)

    assert limits.json() == {"email": ALICE, "maxQuota": -1, "rateLimit": -1}
    assert current.json() == {
        "email": ALICE,
        "maxQuota": -1,
        "rateLimit": -1,
        "currentQuota": 1,
        "currentRate": 1,
    }


async def test_limits_are_set_read_and_taken_back():
    service = Service()
    admin = service.bearer(Role.PROJECT_ADMIN)
    own = {"email": ALICE, "maxQuota": 5, "rateLimit": 2}

    async with service.client() as client:
        stored = await client.put(f"/quota/{ALICE}", headers=admin, json=own)
        read = await client.get(f"/quota/{ALICE}", headers=admin)
        current = await client.get(f"/quota/current/{ALICE}", headers=admin)
        reset = await client.delete(f"/quota/{ALICE}/limits", headers=admin)
        forgotten = await client.delete(f"/quota/{ALICE}", headers=admin)
        again = await client.delete(f"/quota/{ALICE}", headers=admin)

    assert (stored.status_code, stored.json()) == (200, own)
    assert read.json() == own
    assert current.json() == {**own, "currentQuota": 0, "currentRate": 0}
    assert (reset.status_code, reset.json()) == (200, {"email": ALICE, "maxQuota": -1, "rateLimit": -1})
    assert (forgotten.status_code, forgotten.content) == (204, b"")
    assert again.status_code == 404


async def test_a_body_for_somebody_else_is_400_and_empty():
    service = Service()

    async with service.client() as client:
        answer = await client.put(
            f"/quota/{ALICE}",
            headers=service.bearer(Role.PROJECT_ADMIN),
            json={"email": "ALICE@example.org", "maxQuota": 5, "rateLimit": 2},
        )

    assert (answer.status_code, answer.content) == (400, b"")
    assert "content-type" not in answer.headers
    assert service.database.tables.accounts == {}


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"maxQuota": -2, "rateLimit": 0}, "The custom download quota cannot be inferior to -1 (minus one)."),
        ({"maxQuota": 0, "rateLimit": -2}, "The custom download rate cannot be inferior to -1 (minus one)."),
    ],
)
async def test_a_limit_below_minus_one_is_422_with_upstreams_sentence(limits, sentence):
    service = Service()

    async with service.client() as client:
        answer = await client.put(
            f"/quota/{ALICE}", headers=service.bearer(Role.PROJECT_ADMIN), json={"email": ALICE, **limits}
        )

    assert answer.status_code == 422
    assert answer.json()["messages"] == [sentence]


async def test_limits_of_several_in_the_order_asked_for():
    service = Service()
    admin = service.bearer(Role.ADMIN)

    async with service.client() as client:
        limits = await client.get("/quotas?user_email=b@x.org&user_email=a@x.org", headers=admin)
        current = await client.post("/quota/currents", headers=admin, json=["b@x.org", "a@x.org"])
        none = await client.get("/quotas", headers=admin)
        too_many = await client.post("/quota/currents", headers=admin, json=["a@x.org"] * 1001)

    assert [item["email"] for item in limits.json()] == ["b@x.org", "a@x.org"]
    assert (current.status_code, [item["email"] for item in current.json()]) == (200, ["b@x.org", "a@x.org"])
    assert (none.status_code, too_many.status_code) == (400, 422)
    assert service.database.tables.accounts == {}


async def test_limits_of_others_are_shown_to_administrators_only():
    service = Service()

    async with service.client() as client:
        own = await client.get(f"/quotas?user_email={ALICE}", headers=service.bearer(Role.REGISTERED_USER, ALICE))
        others = await client.get(
            f"/quotas?user_email={ALICE}&user_email=b@x.org", headers=service.bearer(Role.EXPLOIT, ALICE)
        )
        anonymous = await client.get(f"/quotas?user_email={ALICE}", headers={"scope": TENANT})

    assert (own.status_code, others.status_code, anonymous.status_code) == (200, 403, 403)


async def test_the_maximum_is_a_bare_number():
    service = Service()
    service.database.tables.settings[TENANT, "maxQuota"] = 50

    async with service.client() as client:
        here = await client.get("/quota/max", headers=service.bearer(Role.ADMIN))
        elsewhere = await client.get("/quota/max", headers=service.bearer(Role.ADMIN, tenant=OTHER_TENANT))

    assert (here.text, elsewhere.text) == ("50", "-1")
    assert here.headers["content-type"] == "application/json"


async def test_limits_of_one_tenant_are_none_of_another():
    service = Service()
    own = {"email": ALICE, "maxQuota": 5, "rateLimit": 2}

    async with service.client() as client:
        await client.put(f"/quota/{ALICE}", headers=service.bearer(Role.PROJECT_ADMIN), json=own)
        other = await client.get(f"/quota/{ALICE}", headers=service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT))

    assert other.json() == {"email": ALICE, "maxQuota": -1, "rateLimit": -1}


async def test_running_transfers_are_seen_and_ended_by_their_user():
    service = Service()
    await service.ledger.admit(a_request("t1"), service.clock.now())
    await service.ledger.renew("i1", {"t1": 400}, service.clock.now())
    alice = service.bearer(Role.REGISTERED_USER, ALICE)

    async with service.client() as client:
        before = await client.get("/quota/current/transfers", headers=alice)
        ended = await client.delete("/quota/current/transfers/t1", headers=alice)
        after = await client.get("/quota/current/transfers", headers=alice)
        unknown = await client.delete("/quota/current/transfers/t2", headers=alice)

    assert before.json() == [
        {
            "id": "t1",
            "email": ALICE,
            "checksum": "c1",
            "start": 0,
            "reservedBytes": 1000,
            "deliveredBytes": 400,
            "startedAt": "2026-03-01T12:00:00.000000Z",
            "client": "192.0.2.1",
            "instance": "i1",
            "ending": False,
        }
    ]
    assert (ended.status_code, ended.content, unknown.status_code) == (204, b"", 404)
    assert after.json()[0]["ending"] is True


async def test_transfers_of_others_are_seen_by_administrators_only():
    service = Service()
    await service.ledger.admit(a_request("t1"), service.clock.now())
    admin, bob = service.bearer(Role.ADMIN), service.bearer(Role.REGISTERED_USER, "bob@example.org")

    async with service.client() as client:
        all_of_them = await client.get("/quota/current/transfers?all=true", headers=admin)
        of_alice = await client.get(f"/quota/current/transfers?user_email={ALICE}", headers=admin)
        own = await client.get("/quota/current/transfers", headers=admin)
        by_bob = await client.get(f"/quota/current/transfers?user_email={ALICE}", headers=bob)
        ended_by_bob = await client.delete("/quota/current/transfers/t1", headers=bob)

    assert [len(answer.json()) for answer in (all_of_them, of_alice, own)] == [1, 1, 0]
    assert (by_bob.status_code, ended_by_bob.status_code) == (403, 404)
