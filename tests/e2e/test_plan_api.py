"""What a cart would meet, that asking changes nothing, and that on wish it is set aside."""

from datetime import timedelta

import pytest

from domain.access import Role
from domain.account import AccountKey
from domain.file import DataType
from domain.limits import Limits
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_licence, a_urn, an_entry
from tests.e2e.front_door import DATA, give_right, put_file, put_licence, put_product, units
from tests.e2e.service import TENANT, Service
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage

pytestmark = pytest.mark.anyio

USER, VIEWER = "user@x.org", "viewer@x.org"
URN, LICENSED = str(a_urn(1)), str(a_urn(2))
OTHER = a_dataset_urn(2).virtual_id
ELSEWHERE = "https://elsewhere.example.org/x"


@pytest.fixture
def service():
    made = Service()
    made.storages["tape"] = InMemoryNearlineStorage(made.clock)
    put_file(made, "warm")
    put_file(made, "cold", storage="tape")
    put_file(made, "small", b"png", data_type=DataType.THUMBNAIL)
    put_product(
        made,
        an_entry("warm"),
        an_entry("cold"),
        an_entry("small", DataType.THUMBNAIL),
        an_entry("far", uri=ELSEWHERE, is_reference=True),
    )
    put_product(made, an_entry("warm"), number=2, datasets=[OTHER])
    give_right(made)
    give_right(made, dataset=OTHER)
    give_right(made, "viewers", FileLevel.NO_ACCESS, members=[VIEWER])
    put_licence(made, a_licence(OTHER))
    return made


@pytest.fixture
def user(service):
    return service.bearer(Role.REGISTERED_USER, USER)


def cart(*names, urn=URN):
    return {"files": [{"urn": urn, "checksum": name} for name in names]}


async def test_each_file_has_what_it_would_meet(service, user):
    wanted = {
        "files": [*cart("warm", "cold", "small", "far", "nothing")["files"], *cart("warm", urn=LICENSED)["files"]]
    }
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=2, rate_limit=-1))

    async with service.client() as client:
        answer = await client.post("/downloads/plan", headers=user, json=wanted)

    body = answer.json()
    warm, cold, small, far, nothing, licensed = body["files"]
    assert (warm["allowed"], warm["state"], warm["sizeBytes"], warm["units"]) == (True, "AVAILABLE", len(DATA), 1)
    assert (cold["state"], cold["estimatedSeconds"], cold["units"]) == ("UNAVAILABLE", 4 * 3600, 1)
    assert (small["allowed"], small["units"]) == (True, 0)
    assert (far["allowed"], far["uri"], far["units"], "state" in far) == (True, ELSEWHERE, 0, False)
    assert (nothing["allowed"], nothing["reason"]) == (False, "/problems/not-in-product")
    assert (licensed["reason"], licensed["license"]) == ("/problems/licence-not-accepted", a_licence(OTHER).link)
    assert (body["units"], body["used"], body["maxQuota"], body["fits"]) == (2, 0, 2, True)


async def test_a_plan_charges_and_restores_nothing(service, user):
    before = service.database.tables.copied()

    async with service.client() as client:
        await client.post("/downloads/plan", headers=user, json=cart("warm", "cold"))

    assert service.database.tables == before


async def test_what_is_over_the_quota_does_not_fit_together(service, user):
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=2, rate_limit=-1))

    async with service.client() as client:
        await client.get(f"/downloads/{URN}/files/warm", headers=user)
        both = await client.post("/downloads/plan", headers=user, json=cart("warm", "cold"))
        one = await client.post("/downloads/plan", headers=user, json=cart("cold"))

    assert (both.json()["units"], both.json()["used"], both.json()["fits"]) == (2, 1, False)
    assert one.json()["fits"] is True


async def test_a_download_that_goes_on_takes_no_unit(service, user):
    wanted = {"files": [{"urn": URN, "checksum": "warm", "offset": 2000}]}

    async with service.client() as client:
        fresh = await client.post("/downloads/plan", headers=user, json=wanted)
        await client.get(f"/downloads/{URN}/files/warm", headers={**user, "range": "bytes=0-1999"})
        going_on = await client.post("/downloads/plan", headers=user, json=wanted)
        anew = await client.post("/downloads/plan", headers=user, json=cart("warm"))
        beyond = await client.post(
            "/downloads/plan", headers=user, json={"files": [{"urn": URN, "checksum": "warm", "offset": 5001}]}
        )

    assert [answer.json()["units"] for answer in (fresh, going_on, anew)] == [1, 0, 1]
    assert beyond.status_code == 422
    assert units(service, USER) == 1


async def test_nothing_is_told_of_files_that_the_caller_may_not_have(service):
    async with service.client() as client:
        answers = [
            await client.post(
                "/downloads/plan", headers=service.bearer(Role.REGISTERED_USER, email), json=cart("cold", "small")
            )
            for email in (VIEWER, "stranger@x.org")
        ]

    seen, hidden = [answer.json()["files"] for answer in answers]
    assert seen[0] == {
        "urn": URN,
        "checksum": "cold",
        "allowed": False,
        "reason": "/problems/no-data-right",
        "units": 0,
    }
    assert [file["reason"] for file in hidden] == ["/problems/not-found"] * 2


@pytest.mark.parametrize(("body", "status"), [({"files": []}, 422), (cart(*["warm"] * 1001), 400), ({}, 400)])
async def test_a_cart_that_cannot_be_planned_is_refused(service, user, body, status):
    async with service.client() as client:
        answer = await client.post("/downloads/plan", headers=user, json=body)

    assert answer.status_code == status


async def reserved(client, user, *names, **more):
    return await client.post("/downloads/plan", headers=user, json={**cart(*names), "reserve": True, **more})


async def limit(service, quota, rate=-1):
    await service.ledger.set_limits(AccountKey(TENANT, USER), Limits(max_quota=quota, rate_limit=rate))


async def test_a_cart_is_set_aside_and_its_downloads_cost_no_more(service, user):
    put_file(service, "third")
    put_product(service, an_entry("third"), number=3)
    await limit(service, 2)

    async with service.client() as client:
        plan = (await reserved(client, user, "warm", "cold", "small")).json()
        other = await client.get(f"/downloads/{a_urn(3)}/files/third", headers=user)
        mine = await client.get(f"/downloads/{URN}/files/warm", headers=user)
        quota = (await client.get("/quota/current", headers=user)).json()
        again = (await client.post("/downloads/plan", headers=user, json=cart("warm", "cold"))).json()

    assert plan["reservedUntil"] == "2026-03-01T13:00:00.000000Z"
    assert [file.get("reservedUntil") for file in plan["files"]] == [plan["reservedUntil"]] * 2 + [None]
    assert (plan["units"], plan["used"], plan["fits"]) == (0, 2, True)
    assert (other.status_code, mine.status_code, mine.content) == (429, 200, DATA)
    assert quota["currentQuota"] == 2
    assert [file.get("reservedUntil") for file in again["files"]] == [None, plan["reservedUntil"]]
    assert "reservedUntil" not in again


async def test_a_cart_that_does_not_fit_is_not_set_aside_at_all(service, user):
    await limit(service, 1)

    async with service.client() as client:
        plan = (await reserved(client, user, "warm", "cold")).json()

    assert "reservedUntil" not in plan
    assert not any("reservedUntil" in file for file in plan["files"])
    assert (plan["units"], plan["used"], plan["fits"], units(service, USER)) == (2, 0, False, 0)


async def test_what_was_not_fetched_is_given_back_when_its_time_has_come(service, user):
    await limit(service, 2)

    async with service.client() as client:
        await reserved(client, user, "warm", "cold", reserveSeconds=60)
        await client.get(f"/downloads/{URN}/files/warm", headers=user)
        service.clock.advance(timedelta(seconds=60))
        assert await service.ledger.give_back(service.clock.now()) == 1
        quota = (await client.get("/quota/current", headers=user)).json()

    assert quota["currentQuota"] == 1


async def test_only_what_the_caller_may_have_is_set_aside_and_a_right_that_is_lost_still_closes_it(service, user):
    async with service.client() as client:
        viewer = service.bearer(Role.REGISTERED_USER, VIEWER)
        nothing = (await reserved(client, viewer, "warm", "cold")).json()
        await reserved(client, user, "warm")
        with service.database.transaction() as tables:
            tables.user_groups.pop((TENANT, USER))
        late = await client.get(f"/downloads/{URN}/files/warm", headers=user)

    assert ([file["allowed"] for file in nothing["files"]], units(service, VIEWER)) == ([False, False], 0)
    assert late.status_code == 404


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1, 2**62])
async def test_a_cart_is_set_aside_for_a_week_at_most(service, user, seconds):
    async with service.client() as client:
        answer = await reserved(client, user, "warm", reserveSeconds=seconds)

    assert (answer.status_code, units(service, USER)) == (422, 0)


async def test_the_account_that_everybody_shares_sets_nothing_aside(service):
    give_right(service, "everybody", is_public=True)
    await service.ledger.set_limits(AccountKey(TENANT, "public@regards.com"), Limits(max_quota=5, rate_limit=5))

    async with service.client() as client:
        answer = await reserved(client, {"scope": TENANT}, "warm")

    assert (answer.status_code, units(service, "public@regards.com")) == (403, 0)
