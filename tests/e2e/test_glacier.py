"""Files that sleep in a bucket, through the real service: 410 until they are restored, then the right bytes."""

import hashlib
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from tests.e2e.real_service import TENANT, Installation, Server, until
from tests.glacier_servers import GlacierServer, ministack
from tests.s3_servers import S3Bucket
from tests.tools import needs_tools

pytestmark = needs_tools

SIZE = 300_000


@pytest.fixture(scope="module")
def glacier() -> Iterator[GlacierServer]:
    with ministack() as running:
        yield running


@attrs.define
class Archive:
    """A service whose files all sleep in buckets, one for each storage; ``files`` has the bytes by checksum."""

    installation: Installation
    glacier: GlacierServer
    buckets: dict[str, S3Bucket] = attrs.field(factory=dict)
    files: dict[str, bytes] = attrs.field(factory=dict)

    @classmethod
    def made(cls, folder: Path, glacier: GlacierServer) -> "Archive":
        # Nothing is believed for long, so that the tests need not wait.
        return cls(Installation(folder, nearline_answer_seconds=0.0, restoration_seconds=0.2), glacier)

    def vault(self, name: str, **parameters: object) -> S3Bucket:
        """A storage of this name, and its bucket."""
        bucket = self.buckets[name] = self.glacier.new_bucket()
        configured = StorageRequest(
            tenant=TENANT, name=name, plugin_id="S3Glacier", parameters=bucket.parameters(**parameters)
        )
        self.installation.use(lambda use_cases: use_cases.add_storage().execute(configured))
        return bucket

    def sleeping(self, vault: str, key: str) -> str:
        """A file that sleeps; its checksum."""
        data = random.Random(f"{vault}{key}").randbytes(SIZE)
        self.glacier.sleeping(self.buckets[vault], key, data)
        return self._register(vault, key, data)

    def sleeping_members(self, vault: str, key: str, *members: str) -> list[str]:
        """Files in one archive that sleeps; their checksums."""
        contents = {member: random.Random(f"{vault}{member}").randbytes(SIZE) for member in members}
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in contents.items():
                archive.writestr(member, data)
        self.glacier.sleeping(self.buckets[vault], key, packed.getvalue())
        return [self._register(vault, f"{key}?fileName={member}", data) for member, data in contents.items()]

    def restore(self, vault: str, key: str) -> None:
        """What the operator of the bucket does, and the end of it."""
        bucket = self.buckets[vault]
        bucket.client.restore_object(Bucket=bucket.name, Key=key, RestoreRequest={"Days": 1})
        self.glacier.pass_time(hours=2)

    def _register(self, vault: str, place: str, data: bytes) -> str:
        checksum = hashlib.sha256(data).hexdigest()
        new = NewFile(
            checksum=checksum,
            algorithm="SHA-256",
            file_name=checksum,
            size_bytes=len(data),
            media_type="application/octet-stream",
            data_type="RAWDATA",
            storage=vault,
            url=f"{self.glacier.endpoint}/{self.buckets[vault].name}/{place}",
        )

        async def register(use_cases: Any) -> None:
            result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
            assert isinstance(result, Registered), result

        self.installation.use(register)
        self.files[checksum] = data
        return checksum


@attrs.define
class Reader:
    """A user of the service."""

    server: Server
    token: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return httpx.request(method, f"{self.server.url}{path}", headers=headers, timeout=60, **more)

    def get(self, checksum: str, **headers: str) -> httpx.Response:
        return self.ask("GET", f"/files/{checksum}/download", headers=headers)

    def statuses(self, *checksums: str) -> set[tuple[int, int]]:
        """Of HEAD and GET."""
        return {
            (self.ask("HEAD", f"/files/{each}/download").status_code, self.get(each).status_code) for each in checksums
        }

    def availability(self, *checksums: str) -> dict[str, dict[str, Any]]:
        answer = self.ask("POST", "/files/availability/status", json={"checksums": checksums})
        assert answer.status_code == 200, answer.text
        return {each.pop("checksum"): each for each in answer.json()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, glacier: GlacierServer) -> Archive:
    return Archive.made(tmp_path_factory.mktemp("glacier"), glacier)


@pytest.fixture(scope="module")
def reader(archive: Archive) -> Iterator[Reader]:
    with archive.installation.serving() as server:
        yield Reader(server, archive.installation.token())


def test_a_file_is_410_until_it_is_restored_and_when_it_sleeps_again(archive: Archive, reader: Reader) -> None:
    archive.vault("one")
    checksum = archive.sleeping("one", "product.dat")

    asleep = reader.availability(checksum)[checksum]
    before = reader.statuses(checksum)
    archive.restore("one", "product.dat")
    restored = reader.availability(checksum)[checksum]
    whole, part = reader.get(checksum), reader.get(checksum, Range="bytes=1000-1999")
    head = reader.ask("HEAD", f"/files/{checksum}/download").status_code
    archive.glacier.pass_time(hours=72)
    after = reader.statuses(checksum)

    assert asleep == {"available": False, "state": "UNAVAILABLE"}
    assert (before, after) == ({(410, 410)}, {(410, 410)})
    assert (restored["available"], restored["state"]) == (True, "AVAILABLE")
    assert restored["expiration_date"].endswith("T00:00:00.000000Z")
    assert (head, whole.status_code, part.status_code) == (200, 200, 206)
    assert whole.content == archive.files[checksum]
    assert part.content == archive.files[checksum][1000:2000]
    assert reader.availability(checksum)[checksum] == {"available": False, "state": "UNAVAILABLE"}


def test_small_files_are_read_out_of_their_restored_archive(archive: Archive, reader: Reader) -> None:
    archive.vault("small")
    checksums = archive.sleeping_members("small", "20260301120000000.zip", "first", "second")

    asleep = reader.availability(*checksums)
    before = reader.statuses(*checksums)
    archive.restore("small", "20260301120000000.zip")
    answers = [reader.get(checksum) for checksum in checksums]

    assert [each["state"] for each in asleep.values()] == ["UNAVAILABLE"] * 2
    assert before == {(410, 410)}
    assert {each["state"] for each in reader.availability(*checksums).values()} == {"AVAILABLE"}
    assert [answer.content for answer in answers] == [archive.files[checksum] for checksum in checksums]


def test_a_bucket_that_is_gone_is_an_error_and_not_a_file_to_be_restored(archive: Archive, reader: Reader) -> None:
    doomed, _ = archive.vault("doomed"), archive.vault("healthy")
    lost, other = archive.sleeping("doomed", "product.dat"), archive.sleeping("healthy", "product.dat")
    doomed.remove("product.dat")
    doomed.client.delete_bucket(Bucket=doomed.name)

    answer = reader.get(lost)
    said = reader.availability(lost, other)

    assert [said[checksum]["state"] for checksum in (lost, other)] == ["ERROR", "UNAVAILABLE"]
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("keeps_readable", [True, False], ids=["external cache", "internal cache"])
def test_a_restoration_that_a_user_asks_for_brings_the_file(
    keeps_readable: bool, archive: Archive, reader: Reader
) -> None:
    vault = "external" if keeps_readable else "internal"
    archive.vault(vault, useExternalCacheName=keeps_readable)
    checksum = archive.sleeping(vault, "product.dat")

    asked = reader.ask("POST", "/restorations", json={"checksums": [checksum], "availabilityHours": 24})
    assert asked.status_code == 202, asked.text
    until(lambda: reader.availability(checksum)[checksum]["state"] == "RESTORING")
    running = reader.get(checksum)
    archive.glacier.pass_time(hours=2)
    until(lambda: reader.get(checksum).status_code == 200)
    restored = reader.availability(checksum)[checksum]
    data = reader.get(checksum).content

    assert running.status_code == 503
    assert int(running.headers["retry-after"]) > 0
    assert data == archive.files[checksum]
    assert restored["state"] == "AVAILABLE"
    assert "expiration_date" in restored
