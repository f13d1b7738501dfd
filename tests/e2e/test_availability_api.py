"""Which files can be read now, over HTTP."""

import pytest

from domain.access import Role
from domain.storage_location import StorageType
from tests.e2e.service import OTHER_TENANT, Service
from tests.factories import TENANT, a_file, a_location, a_storage
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage

pytestmark = pytest.mark.anyio

PATH = "/files/availability/status"
DATA = b"the bytes of a product"


def a_service() -> Service:
    """One file on a disk, two on a tape."""
    service = Service()
    tape = InMemoryNearlineStorage(service.clock)
    service.storages["tape"] = tape
    tables = service.database.tables
    tables.storages[TENANT, "disk-1"] = a_storage("disk-1")
    tables.storages[TENANT, "tape"] = a_storage("tape", storage_type=StorageType.NEARLINE)
    for checksum, storage in (("online", "disk-1"), ("asleep", "tape"), ("restored", "tape")):
        location = a_location(checksum, storage)
        (tape if storage == "tape" else service.disk).put(location.url, DATA)
        tables.files[TENANT, checksum] = a_file(checksum, size=len(DATA))
        tables.locations[TENANT, checksum, storage] = location
    return service


async def restore(service: Service, checksum: str) -> None:
    tape = service.storages["tape"]
    assert isinstance(tape, InMemoryNearlineStorage)
    await tape.restore(a_location(checksum, "tape").url, hours=24)
    tape.finish(a_location(checksum, "tape").url)


async def test_files_are_answered_as_upstream_does_and_unknown_ones_are_absent():
    service = a_service()
    await restore(service, "restored")

    async with service.client() as client:
        answer = await client.post(
            PATH,
            headers=service.bearer(Role.REGISTERED_USER),
            json={"checksums": ["restored", "asleep", "online", "unknown"]},
        )

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == [
        {
            "checksum": "restored",
            "available": True,
            "state": "AVAILABLE",
            "expiration_date": "2026-03-02T12:00:00.000000Z",
        },
        {"checksum": "asleep", "available": False, "state": "UNAVAILABLE"},
        {"checksum": "online", "available": True, "state": "AVAILABLE"},
    ]


async def test_head_get_and_the_question_agree():
    service = a_service()
    await restore(service, "restored")
    service.database.tables.locations[TENANT, "restored", "tape"] = a_location("restored", "tape", version=None)
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        seen = {}
        for checksum in ("asleep", "restored"):
            head = await client.head(f"/files/{checksum}/download", headers=admin)
            get = await client.get(f"/files/{checksum}/download", headers=admin)
            said = await client.post(PATH, headers=admin, json={"checksums": [checksum]})
            seen[checksum] = (head.status_code, get.status_code, said.json()[0]["available"])

    assert seen == {"asleep": (410, 410, False), "restored": (200, 200, True)}


async def test_no_answer_of_a_storage_is_told_apart_from_a_no():
    service = a_service()
    tape = service.storages["tape"]
    assert isinstance(tape, InMemoryNearlineStorage)
    tape.fails = RuntimeError("a mistake in the plugin")
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        answer = await client.post(PATH, headers=admin, json={"checksums": ["asleep", "online"]})
        get = await client.get("/files/asleep/download", headers=admin)

    assert [(one["available"], one["state"]) for one in answer.json()] == [(False, "ERROR"), (True, "AVAILABLE")]
    assert (get.status_code, get.headers["retry-after"]) == (503, "30")


async def test_more_than_a_hundred_are_refused_with_upstreams_sentence():
    service = a_service()

    async with service.client() as client:
        answer = await client.post(
            PATH, headers=service.bearer(Role.PUBLIC), json={"checksums": [f"c{i}" for i in range(101)]}
        )

    assert answer.status_code == 422
    assert answer.json()["messages"] == [
        "A maximum of 100 products per call is allowed. This behaviour is to avoid flooding the datalake"
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "checksums"),
        (b'{"checksums": null}', "checksums"),
        (b'{"checksums": [null]}', "checksums"),
        (b'{"checksums": "c1"}', "checksums"),
        (b"", "body"),
    ],
)
async def test_a_question_without_checksums_is_400_and_says_so(body, said):
    service = a_service()

    async with service.client() as client:
        answer = await client.post(
            PATH, headers={**service.bearer(Role.PUBLIC), "content-type": "application/json"}, content=body
        )

    assert answer.status_code == 400
    assert said in answer.json()["messages"][0]


async def test_no_checksums_have_no_answers_and_strange_ones_neither():
    service = a_service()

    async with service.client() as client:
        headers = service.bearer(Role.PUBLIC)
        nothing = await client.post(PATH, headers=headers, json={"checksums": []})
        strange = await client.post(PATH, headers=headers, json={"checksums": ["", "a\x00b", "x" * 5000, "é"]})

    assert (nothing.status_code, nothing.json()) == (200, [])
    assert (strange.status_code, strange.json()) == (200, [])


async def test_files_of_another_tenant_are_unknown():
    service = a_service()

    async with service.client() as client:
        answer = await client.post(
            PATH, headers=service.bearer(Role.INSTANCE_ADMIN, tenant=OTHER_TENANT), json={"checksums": ["online"]}
        )

    assert answer.json() == []
