"""Having files restored over HTTP."""

from datetime import timedelta

import pytest

from domain.access import Role
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.storage_location import StorageType
from tests.e2e.service import OTHER_TENANT, TENANT, Service
from tests.factories import a_file, a_location, a_storage

pytestmark = pytest.mark.anyio


def a_service() -> Service:
    """A file on tape, one on disk."""
    service = Service()
    tables = service.database.tables
    tables.storages[TENANT, "tape"] = a_storage("tape", storage_type=StorageType.NEARLINE)
    tables.storages[TENANT, "disk-1"] = a_storage("disk-1")
    for checksum, storage in (("c1", "tape"), ("c2", "disk-1"), ("c3", "tape")):
        tables.files[TENANT, checksum] = a_file(checksum)
        tables.locations[TENANT, checksum, storage] = a_location(checksum, storage)
    return service


async def test_a_group_is_accepted_and_can_be_followed():
    service = a_service()
    operator = service.bearer(Role.EXPLOIT, "operator@x.org")
    wanted = {"checksums": ["c1", "c2", "gone"], "availabilityHours": 48, "groupId": "order 17"}

    async with service.client() as client:
        answer = await client.post("/restorations", headers=operator, json=wanted)
        group = await client.get(answer.headers["location"], headers=operator)
        listing = await client.get("/restorations", headers=operator)

    assert (answer.status_code, answer.headers["location"]) == (202, "/restorations/order%2017")
    assert answer.json() == group.json()
    body = group.json()
    assert body["progress"] == {"files": 3, "waiting": 1, "available": 1, "failed": 1}
    assert (body["state"], body["availabilityHours"], body["requestedBy"]) == ("PENDING", 48, "operator@x.org")
    tape, disk, gone = body["files"]
    assert (tape["checksum"], tape["state"], tape["estimatedSeconds"]) == ("c1", "REQUESTED", 4 * 3600)
    assert (disk["checksum"], disk["state"], "availableUntil" in disk) == ("c2", "AVAILABLE", False)
    assert (gone["state"], gone["reason"]) == ("FAILED", "file with checksum gone does not exists.")
    assert [item["groupId"] for item in listing.json()["groups"]] == ["order 17"]


async def test_asking_again_the_same_changes_nothing_and_something_else_is_refused():
    service = a_service()
    operator = service.bearer(Role.EXPLOIT)

    async with service.client() as client:
        first, again, other = [
            await client.post("/restorations", headers=operator, json={"checksums": names, "groupId": "g"})
            for names in (["c1"], ["c1"], ["c3"])
        ]

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert first.json() == again.json()
    assert [event.type for event in service.database.tables.outbox.values()] == ["RestorationGroupGranted"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"checksums": []}, "at least one file"),
        ({"checksums": [f"c{number}" for number in range(1001)]}, "at most 1000 files, not 1001"),
        ({"checksums": ["c1"], "availabilityHours": 0}, "at least one hour"),
        ({"checksums": ["c1"], "availabilityHours": 24 * 3650 + 1}, "at most ten years"),
        ({"checksums": ["c1"], "groupId": "a/b"}, "one segment of a URL"),
        ({"checksums": ["c1"], "groupId": "x" * 129}, "1 to 128"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(body, said):
    service = a_service()

    async with service.client() as client:
        answer = await client.post("/restorations", headers=service.bearer(Role.EXPLOIT), json=body)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert service.database.tables.restorations == {}


async def test_a_file_that_must_be_restored_says_where_to_ask_and_then_when_to_come_back():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        not_asked = await client.get("/files/c1/download", headers=admin)
        await client.post("/restorations", headers=admin, json={"checksums": ["c1"]})
        service.clock.advance(timedelta(minutes=30))
        asked = await client.get("/files/c1/download", headers=admin)

    assert not_asked.status_code == 410
    assert not_asked.headers["link"].startswith("</restorations>")
    assert not_asked.json()["restorations"] == "/restorations"
    assert (asked.status_code, asked.headers["retry-after"]) == (503, str(4 * 3600))
    assert asked.json()["type"] == "/problems/restoration-running"


async def test_a_cancelled_group_has_ended():
    service = a_service()
    operator = service.bearer(Role.EXPLOIT)

    async with service.client() as client:
        await client.post("/restorations", headers=operator, json={"checksums": ["c1"], "groupId": "g"})
        gone = await client.delete("/restorations/g", headers=operator)
        group = await client.get("/restorations/g", headers=operator)
        download = await client.get("/files/c1/download", headers=service.bearer(Role.PROJECT_ADMIN))

    assert gone.status_code == 204
    assert (group.json()["state"], group.json()["files"][0]["state"]) == ("CANCELLED", "CANCELLED")
    assert download.status_code == 410


async def test_a_file_that_is_given_back_is_kept_for_the_other_groups_only():
    service = a_service()
    operator = service.bearer(Role.EXPLOIT)
    now = service.clock.now()
    service.database.tables.cached_copies[TENANT, "c1"] = CachedCopy(
        tenant=TENANT,
        checksum="c1",
        storage=INTERNAL_CACHE,
        url="file:///cache/c1",
        size_bytes=1000,
        published_at=now,
        expires_at=now + timedelta(hours=1),
    )

    async with service.client() as client:
        for group, hours in (("long", 48), ("short", 2)):
            body = {"checksums": ["c1"], "availabilityHours": hours, "groupId": group}
            await client.post("/restorations", headers=operator, json=body)
        kept = [service.database.tables.cached_copies[TENANT, "c1"].expires_at]
        for group in ("long", "short"):
            answer = await client.post(f"/restorations/{group}/release", headers=operator, json={"checksums": ["c1"]})
            assert answer.status_code == 204
            kept.append(service.database.tables.cached_copies[TENANT, "c1"].expires_at)
        unknown = await client.post("/restorations/long/release", headers=operator, json={"checksums": ["c9"]})

    assert kept == [now + timedelta(hours=48), now + timedelta(hours=2), now]
    assert unknown.status_code == 404


async def test_groups_of_other_tenants_are_not_there():
    service = a_service()
    service.database.tables.restoration_groups = {}
    operator = service.bearer(Role.EXPLOIT)
    stranger = service.bearer(Role.EXPLOIT, tenant=OTHER_TENANT)

    async with service.client() as client:
        await client.post("/restorations", headers=operator, json={"checksums": ["c1"], "groupId": "g"})
        answers = [
            await client.get("/restorations/g", headers=stranger),
            await client.delete("/restorations/g", headers=stranger),
            await client.post("/restorations/g/release", headers=stranger, json={}),
        ]
        listing = await client.get("/restorations", headers=stranger)

    assert [answer.status_code for answer in answers] == [404] * 3
    assert listing.json() == {"groups": []}


async def test_groups_come_in_pages():
    service = a_service()
    operator = service.bearer(Role.EXPLOIT)

    async with service.client() as client:
        for group in ("a", "b", "c"):
            await client.post("/restorations", headers=operator, json={"checksums": ["c1"], "groupId": group})
        first = await client.get("/restorations?limit=2", headers=operator)
        second = await client.get(f"/restorations?limit=2&after={first.json()['nextAfter']}", headers=operator)

    assert [item["groupId"] for item in first.json()["groups"]] == ["a", "b"]
    assert [item["groupId"] for item in second.json()["groups"]] == ["c"]
    assert "nextAfter" not in second.json()
