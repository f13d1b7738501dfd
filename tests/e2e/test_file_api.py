"""Registering and checking files over HTTP."""

import hashlib

import pytest

from domain.access import Role
from tests.e2e.service import OTHER_TENANT, Service
from tests.factories import a_storage

pytestmark = pytest.mark.anyio

DATA = b"the bytes of a product"
CHECKSUM = hashlib.md5(DATA).hexdigest()
META = {
    "checksum": CHECKSUM,
    "algorithm": "MD5",
    "fileName": "product.dat",
    "fileSize": len(DATA),
    "mimeType": "application/octet-stream",
    "type": "RAWDATA",
}
LOCATION = {"storage": "disk-1", "url": "/product.dat"}


def a_service() -> Service:
    service = Service()
    service.disk.put("/product.dat", DATA)
    service.database.tables.storages["demo", "disk-1"] = a_storage("disk-1")
    return service


def batch(**meta: object) -> dict[str, object]:
    return {"files": [{"metaInfo": {**META, **meta}, "location": LOCATION}]}


async def test_a_file_is_registered_read_verified_and_forgotten():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        registered = await client.post("/files", headers=admin, json=batch(width=4, height=3))
        read = await client.get(f"/files/{CHECKSUM}", headers=admin)
        listed = await client.get("/files?storage=disk-1", headers=admin)
        verified = await client.post(f"/files/{CHECKSUM}/locations/disk-1/verify", headers=admin)
        forgotten = await client.delete(f"/files/{CHECKSUM}/locations/disk-1", headers=admin)
        gone = await client.get(f"/files/{CHECKSUM}", headers=admin)

    file = {
        "metaInfo": {**META, "height": 3, "width": 4},
        "registeredAt": "2026-03-01T12:00:00.000000Z",
        "locations": [
            {
                "storage": "disk-1",
                "url": "/product.dat",
                "storageDate": "2026-03-01T12:00:00.000000Z",
                "version": "v1",
                "referenced": True,
                "pendingActionRemaining": False,
                "nearlineConfirmed": False,
            }
        ],
    }
    assert (registered.status_code, registered.json()) == (201, {"registered": 1})
    assert read.json() == file
    assert listed.json() == {"files": [file]}
    assert (verified.status_code, verified.json()) == (
        200,
        {"checksum": CHECKSUM, "storage": "disk-1", "correct": True},
    )
    assert (forgotten.status_code, gone.status_code) == (204, 404)


async def test_a_wrong_copy_is_reported_and_marked():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        await client.post("/files", headers=admin, json=batch())
        service.disk.put("/product.dat", DATA[::-1])
        verified = await client.post(f"/files/{CHECKSUM}/locations/disk-1/verify", headers=admin)
        read = await client.get(f"/files/{CHECKSUM}", headers=admin)

    assert verified.json()["correct"] is False
    assert read.json()["locations"][0]["suspectSince"] == "2026-03-01T12:00:00.000000Z"


async def test_a_refused_batch_names_each_refused_file():
    service = a_service()
    body = batch()
    body["files"] += batch(checksum="other", fileSize=1)["files"]

    async with service.client() as client:
        answer = await client.post("/files", headers=service.bearer(Role.PROJECT_ADMIN), json=body)

    reason = f"The object has {len(DATA)} bytes, not 1."
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/files-refused",
        "title": "Files refused",
        "status": 422,
        "detail": "1 of 2 files were refused, so nothing was registered.",
        "messages": [f"files[1]: {reason}"],
        "refused": [{"index": 1, "checksum": "other", "code": "invalid-value", "reason": reason}],
    }
    assert service.database.tables.files == {}


async def test_a_checksum_with_another_size_is_a_conflict():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        await client.post("/files", headers=admin, json=batch())
        answer = await client.post("/files", headers=admin, json=batch(fileSize=1))

    assert answer.status_code == 409
    assert answer.json()["refused"][0]["code"] == "already-exists"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"files": []}, "files"),
        ({"files": [{}]}, "metaInfo"),
        (batch(fileSize=-1), "fileSize"),
        (batch(fileSize=2**63), "fileSize"),
        (batch(checksum=""), "checksum"),
        (batch(colour="blue"), "colour"),
        ({"files": batch()["files"] * 1001}, "files"),
    ],
    ids=["empty", "no metaInfo", "negative", "too large", "no checksum", "unknown field", "too many"],
)
async def test_a_batch_that_cannot_be_read_is_400_and_names_the_field(body, said):
    service = a_service()

    async with service.client() as client:
        answer = await client.post("/files", headers=service.bearer(Role.PROJECT_ADMIN), json=body)

    assert answer.status_code == 400
    assert said in answer.json()["messages"][0]


async def test_files_are_listed_page_by_page():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)
    files = [batch(checksum=f"c{i}")["files"][0] for i in range(3)]

    async with service.client() as client:
        await client.post("/files", headers=admin, json={"files": files})
        first = (await client.get("/files?limit=2", headers=admin)).json()
        second = (await client.get(f"/files?limit=2&after={first['nextAfter']}", headers=admin)).json()

    assert [file["metaInfo"]["checksum"] for file in first["files"] + second["files"]] == ["c0", "c1", "c2"]
    assert "nextAfter" not in second


async def test_files_of_another_tenant_do_not_exist():
    service = a_service()
    other = service.bearer(Role.PROJECT_ADMIN, tenant=OTHER_TENANT)

    async with service.client() as client:
        await client.post("/files", headers=service.bearer(Role.PROJECT_ADMIN), json=batch())
        answers = [
            await client.get(f"/files/{CHECKSUM}", headers=other),
            await client.get(f"/files/{CHECKSUM}/download", headers=other),
            await client.delete(f"/files/{CHECKSUM}/locations/disk-1", headers=other),
            await client.post(f"/files/{CHECKSUM}/locations/disk-1/verify", headers=other),
            await client.post("/tickets", headers=other, json={"checksum": CHECKSUM}),
        ]
        listed = await client.get("/files", headers=other)

    assert {answer.status_code for answer in answers} == {404}
    assert listed.json() == {"files": []}


async def test_a_database_that_is_down_is_503_with_a_time_to_come_back():
    service = a_service()
    admin = service.bearer(Role.PROJECT_ADMIN)

    async with service.client() as client:
        service.database.is_down = True
        answer = await client.get("/files", headers=admin)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "/problems/database-unavailable"
