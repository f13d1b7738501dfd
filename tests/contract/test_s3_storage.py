"""The storage contract over S3, on a real server, and what only such storages can get wrong."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import attrs
import httpx
import pytest

from adapters.storage.environment import PluginEnvironment
from adapters.storage.registry import PluginRegistry
from adapters.storage.s3.parameters import S3Parameters
from adapters.storage.s3.source import FIRST_WINDOW, Patience
from adapters.storage.s3.storage import S3Plugin, S3Storage
from application.errors import CopyChanged, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import DigestingStorage, ListingStorage, SigningStorage
from domain.errors import InvalidValue
from domain.file import FileLocation
from tests import factories
from tests.contract.storage import DATA, StorageContract, located, read_all
from tests.s3_proxy import Fault, S3Proxy, refusal
from tests.s3_servers import KEY, REGION, SECRET, S3Bucket, S3Server
from tests.tools import needs_tools

pytestmark = [pytest.mark.anyio, *needs_tools]

BIG = bytes(i * 31 % 251 for i in range(3 * FIRST_WINDOW + 12_345))


def storage_of(bucket: S3Bucket, **changes: object) -> S3Storage:
    values: dict[str, object] = {
        "endpoint": bucket.server.endpoint,
        "region": REGION,
        "key": KEY,
        "secret": SECRET,
        "bucket": bucket.name,
        "root": "archive",
        "read_timeout": 5.0,
        **changes,
    }
    storage = S3Plugin.build(S3Parameters(**values), PluginEnvironment())  # type: ignore[arg-type]  # Values of many types.
    assert isinstance(storage, S3Storage)
    storage.patience = Patience(pause_seconds=0.0)
    return storage


@attrs.define
class S3Bench:
    bucket: S3Bucket
    storage: S3Storage

    def put(self, name: str, data: bytes) -> str:
        self.bucket.put(f"archive/{name}", data)
        return f"{self.bucket.server.endpoint}/{self.bucket.name}/archive/{name}"

    def remove(self, name: str) -> None:
        self.bucket.remove(f"archive/{name}")

    def foreign_urls(self) -> list[str]:
        self.bucket.put("outside", b"secret")
        base = f"{self.bucket.server.endpoint}/{self.bucket.name}"
        return [
            f"{base}/outside",
            f"{base}/archive/../outside",
            f"{base}/archive/%2e%2e/outside",
            f"{base}/archive/..%2foutside",
            f"{base}/archive/a.dat%00",
            f"{base}/archive",
            f"{base}/archive/",
            f"{base}-beside/archive/a.dat",
            f"{self.bucket.server.endpoint}/archive/a.dat",
            "s3://other/archive/a.dat",
            "http://localhost:1/a.dat",
            "file:///etc/passwd",
        ]


@pytest.fixture
async def bench(s3_server: S3Server) -> AsyncIterator[S3Bench]:
    bucket = s3_server.new_bucket()
    storage = storage_of(bucket)
    yield S3Bench(bucket, storage)
    await storage.aclose()


@pytest.fixture
async def proxy(s3_server: S3Server) -> AsyncIterator[S3Proxy]:
    async with S3Proxy(s3_server.port).listening() as listening:
        yield listening


@asynccontextmanager
async def behind(bench: S3Bench, proxy: S3Proxy, **changes: object) -> AsyncIterator[S3Storage]:
    """The bench's bucket, reached through the proxy."""
    storage = storage_of(bench.bucket, endpoint=proxy.endpoint, **changes)
    yield storage
    await storage.aclose()


def at(storage: S3Storage, key: str = "a.dat") -> FileLocation:
    return unversioned(f"s3://{storage.parameters.bucket}/archive/{key}")


def unversioned(url: str) -> FileLocation:
    return attrs.evolve(factories.a_location(url=url), version=None)


class TestS3Storage(StorageContract):
    pass


class TestIdentity:
    async def test_an_object_that_is_replaced_between_two_ranges_is_never_mixed(self, bench: S3Bench) -> None:
        location = await located(bench, bench.put("a.dat", BIG))
        source = await bench.storage.open(location, len(BIG))
        first = await read_all(source, 0, FIRST_WINDOW)
        bench.put("a.dat", BIG[::-1])

        with pytest.raises(CopyChanged):
            await read_all(source, FIRST_WINDOW, 10)

        assert first == BIG[:FIRST_WINDOW]
        await source.aclose()

    async def test_every_range_is_asked_for_with_the_identity_seen_at_opening(
        self, bench: S3Bench, proxy: S3Proxy
    ) -> None:
        bench.put("a.dat", BIG)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(BIG))
            for offset in (5, 2_000_000, 0):
                await source.read(offset, 100)
            await source.aclose()

        e_tag = f'"{hashlib.md5(BIG).hexdigest()}"'
        assert [asked.field("if-match") for asked in proxy.asked if asked.method == "GET"] == [e_tag] * 3

    async def test_a_server_that_ignores_conditions_is_not_believed(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            head = f'HTTP/1.1 206 X\r\nETag: "other"\r\nContent-Length: {len(DATA)}\r\n\r\n'
            proxy.spoil(Fault(answer=head.encode() + DATA))

            with pytest.raises(CopyChanged):
                await source.read(0, 10)
            await source.aclose()

    async def test_a_server_that_ignores_ranges_gives_an_error_and_no_wrong_bytes(
        self, bench: S3Bench, proxy: S3Proxy
    ) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            e_tag = hashlib.md5(DATA).hexdigest()
            head = f'HTTP/1.1 200 OK\r\nETag: "{e_tag}"\r\nContent-Length: {len(DATA)}\r\n\r\n'
            proxy.spoil(Fault(answer=head.encode() + DATA))

            with pytest.raises(StorageUnavailable):
                await source.read(100, 10)
            await source.aclose()

    async def test_where_objects_have_versions_the_registered_one_is_read(self, bench: S3Bench) -> None:
        bench.bucket.client.put_bucket_versioning(
            Bucket=bench.bucket.name, VersioningConfiguration={"Status": "Enabled"}
        )
        location = await located(bench, bench.put("a.dat", DATA))
        bench.put("a.dat", b"newer bytes")

        source = await bench.storage.open(location, len(DATA))

        assert await read_all(source, 0, len(DATA)) == DATA
        await source.aclose()


class TestBodies:
    @pytest.mark.parametrize("cut_after", [0, 1, 65_535, 65_536, len(DATA) - 1])
    async def test_a_body_that_breaks_is_continued_from_the_last_byte(
        self, bench: S3Bench, proxy: S3Proxy, cut_after: int
    ) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(Fault(cut_after=cut_after))

            assert await read_all(source, 0, len(DATA)) == DATA

            await source.aclose()
        gets = [asked.field("range") for asked in proxy.asked if asked.method == "GET"]
        assert len(gets) == 2
        assert gets[1] is not None
        assert int(gets[1].removeprefix("bytes=").split("-")[0]) <= cut_after

    async def test_breaks_are_counted_in_a_row_and_only_without_progress(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(*[Fault(cut_after=20_000)] * 12)

            assert await read_all(source, 0, len(DATA)) == DATA
            await source.aclose()

    async def test_a_body_that_never_comes_is_given_up(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.fault_for = lambda asked: Fault(cut_after=0) if asked.method == "GET" else None

            with pytest.raises(StorageUnavailable):
                await source.read(0, 10)
            await source.aclose()
        assert len([asked for asked in proxy.asked if asked.method == "GET"]) == Patience().breaks + 1

    async def test_a_body_that_stalls_is_asked_for_again(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy, read_timeout=0.2) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(Fault(stall_after=1000))

            assert await read_all(source, 0, len(DATA)) == DATA
            await source.aclose()

    @pytest.mark.parametrize("off_by", [-1, 1])
    async def test_an_answer_of_another_length_gives_no_wrong_bytes(
        self, bench: S3Bench, proxy: S3Proxy, off_by: int
    ) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(Fault(length_off_by=off_by))

            with pytest.raises(StorageUnavailable):
                await source.read(0, 10)
            assert await read_all(source, 0, len(DATA)) == DATA
            await source.aclose()

    async def test_reading_on_uses_one_answer_for_each_window(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", BIG)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(BIG))

            data = b""
            while len(data) < len(BIG):
                data += await source.read(len(data), 65_536)
            assert data == BIG
            await source.aclose()
        assert [asked.field("range") for asked in proxy.asked if asked.method == "GET"] == [
            f"bytes=0-{FIRST_WINDOW - 1}",
            f"bytes={FIRST_WINDOW}-{len(BIG) - 1}",
        ]

    async def test_a_reader_that_stops_stops_the_server(self, s3_server: S3Server, proxy: S3Proxy) -> None:
        """What is read ahead of a slow client is bounded, whatever the size of the object."""
        bucket = s3_server.new_bucket()
        size = 48 * FIRST_WINDOW
        bucket.put("archive/huge", bytes(size))
        storage = storage_of(bucket, endpoint=proxy.endpoint)
        source = await storage.open(unversioned(f"s3://{bucket.name}/archive/huge"), size)
        await read_all(source, 0, FIRST_WINDOW)
        await source.read(FIRST_WINDOW, 1)

        buffered = source._body._raw._raw_stream.content
        previous = -1
        with anyio.fail_after(20):
            while previous != (previous := buffered.total_bytes):
                await anyio.wait_all_tasks_blocked()

        assert buffered.total_bytes < FIRST_WINDOW
        await source.aclose()
        await storage.aclose()

    async def test_a_source_that_is_left_gives_its_connection_back(self, bench: S3Bench) -> None:
        bench.put("a.dat", BIG)
        storage = storage_of(bench.bucket, connections=2)
        for _ in range(10):
            source = await storage.open(at(storage), len(BIG))
            await source.read(0, 10)
            await source.aclose()

        with anyio.fail_after(20):
            source = await storage.open(at(storage), len(BIG))
            assert await read_all(source, 0, len(BIG)) == BIG
        await source.aclose()
        await storage.aclose()

    async def test_a_reader_that_is_cancelled_can_read_on(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy, read_timeout=60.0) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(Fault(stall_after=0))
            with anyio.move_on_after(0.1) as scope:
                await source.read(0, 10)
            assert scope.cancelled_caught

            await source.read(5, 1)
            assert await read_all(source, 0, len(DATA)) == DATA
            await source.aclose()


class TestClosing:
    async def test_what_was_opened_can_be_read_after_the_storage_is_closed(self, bench: S3Bench) -> None:
        location = await located(bench, bench.put("a.dat", BIG))
        source = await bench.storage.open(location, len(BIG))
        await bench.storage.aclose()

        assert await read_all(source, 0, len(BIG)) == BIG
        with pytest.raises(StorageUnavailable):
            await bench.storage.open(location, len(BIG))
        await source.aclose()
        await bench.storage.aclose()
        with pytest.raises(StorageUnavailable):
            await bench.storage.probe()


class TestRefusals:
    async def test_wrong_credentials_are_said_without_a_secret(self, bench: S3Bench) -> None:
        url = bench.put("a.dat", DATA)
        storage = storage_of(bench.bucket, secret="wrong-secret")

        with pytest.raises(StorageUnavailable) as refused:
            await storage.probe()
        with pytest.raises(StorageUnavailable) as unread:
            await storage.check(url)

        assert "SignatureDoesNotMatch" in str(refused.value)
        for error in (refused.value, unread.value):
            assert type(error) is StorageUnavailable
            assert "wrong-secret" not in f"{error}{error!r}"
        await storage.aclose()

    async def test_the_secret_is_not_shown(self, bench: S3Bench) -> None:
        assert SECRET not in repr(bench.storage)
        assert SECRET not in str(bench.storage.parameters)

    async def test_a_missing_bucket_is_not_a_missing_object(self, bench: S3Bench) -> None:
        storage = storage_of(attrs.evolve(bench.bucket, name="no-such-bucket-anywhere"))

        for asking in (storage.probe(), storage.check("s3://no-such-bucket-anywhere/archive/a")):
            with pytest.raises(StorageUnavailable, match="no such bucket") as refused:
                await asking
            assert not isinstance(refused.value, CopyMissing)
        await storage.aclose()

    async def test_a_server_that_is_not_there_is_unavailable(self, bench: S3Bench) -> None:
        storage = storage_of(bench.bucket, endpoint="http://127.0.0.1:9")

        with pytest.raises(StorageUnavailable):
            await storage.probe()
        await storage.aclose()

    async def test_an_overloaded_server_is_asked_again(self, bench: S3Bench, proxy: S3Proxy) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.spoil(refusal(503, "SlowDown"))

            assert await source.read(0, 10) == DATA[:10]
            await source.aclose()

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (503, "SlowDown", StorageUnavailable),
            (500, "InternalError", StorageUnavailable),
            (403, "AccessDenied", StorageUnavailable),
            (404, "NoSuchKey", CopyMissing),
            (404, "NoSuchBucket", StorageUnavailable),
            (412, "PreconditionFailed", CopyChanged),
            (416, "InvalidRange", CopyChanged),
        ],
    )
    async def test_each_error_of_the_server_has_its_meaning(
        self, bench: S3Bench, proxy: S3Proxy, status: int, code: str, expected: type[Exception]
    ) -> None:
        bench.put("a.dat", DATA)
        async with behind(bench, proxy) as storage:
            source = await storage.open(at(storage), len(DATA))
            proxy.fault_for = lambda asked: refusal(status, code) if asked.method == "GET" else None

            with pytest.raises(StorageUnavailable) as raised:
                await source.read(0, 10)

            assert type(raised.value) is expected
            await source.aclose()


class TestArchives:
    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    async def test_members_of_archives_are_read(self, bench: S3Bench, compression: int) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", compression) as archive:
            archive.writestr("first ü", BIG)
            archive.writestr("second", DATA)
        url = bench.put("many.zip", packed.getvalue())
        location = await located(bench, f"{url}?fileName=first%20%C3%BC")

        source = await bench.storage.open(location, len(BIG))

        assert await read_all(source, 0, len(BIG)) == BIG
        assert await read_all(source, 12_345, 100) == BIG[12_345:12_445]
        await source.aclose()
        with pytest.raises(CopyMissing):
            await bench.storage.check(f"{url}?fileName=third")
        with pytest.raises(CopyChanged):
            await bench.storage.open(location, len(BIG) + 1)


class TestCapabilities:
    async def test_it_has_them(self, bench: S3Bench) -> None:
        assert isinstance(bench.storage, ListingStorage)
        assert isinstance(bench.storage, SigningStorage)
        assert isinstance(bench.storage, DigestingStorage)

    async def test_ten_thousand_objects_are_listed(self, s3_server: S3Server, tmp_path: Path) -> None:
        bucket = s3_server.new_bucket()
        names = [f"d{i % 7}/{i:05}" for i in range(10_000)]
        for name in names:
            (tmp_path / "archive" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "archive" / name).write_bytes(b"x")
        bucket.put_folder(tmp_path / "archive", "")
        storage = storage_of(bucket)

        found = [item.url async for item in storage.list("")]
        some = [item.url async for item in storage.list("d3/0")]

        base = f"{s3_server.endpoint}/{bucket.name}/archive"
        assert sorted(found) == sorted(f"{base}/{name}" for name in names)
        assert sorted(some) == sorted(f"{base}/{name}" for name in names if name.startswith("d3/0"))
        await storage.aclose()

    async def test_what_is_listed_can_be_opened(self, bench: S3Bench) -> None:
        for name in ("a b/ü#?%41.dat", "plain", "x+y&z=1"):
            bench.bucket.put(f"archive/{name}", DATA)
        bench.bucket.put("outside", DATA)

        found = [item async for item in bench.storage.list("")]

        assert len(found) == 3
        for item in found:
            status = await bench.storage.check(item.url)
            assert (status.size_bytes, status.version) == (item.size_bytes, item.version)

    async def test_a_key_as_upstream_wrote_it_is_found_where_the_decoded_one_is_not(self, bench: S3Bench) -> None:
        bench.bucket.put("archive/a%41", b"as written")
        url = f"s3://{bench.bucket.name}/archive/a%41"

        assert (await bench.storage.check(url)).size_bytes == 10

        bench.bucket.put("archive/aA", b"decoded")
        assert (await bench.storage.check(url)).size_bytes == 7

    async def test_digests_that_are_certain_are_told(self, bench: S3Bench) -> None:
        bench.bucket.put("archive/a", DATA, ChecksumAlgorithm="SHA256")
        url = f"s3://{bench.bucket.name}/archive/a"

        assert await bench.storage.digests(url) == {
            "MD5": hashlib.md5(DATA).hexdigest(),
            "SHA-256": hashlib.sha256(DATA).hexdigest(),
        }

    async def test_digests_of_parts_are_not_told(self, bench: S3Bench) -> None:
        client, name = bench.bucket.client, bench.bucket.name
        upload = client.create_multipart_upload(Bucket=name, Key="archive/m")["UploadId"]
        parts = [
            client.upload_part(Bucket=name, Key="archive/m", UploadId=upload, PartNumber=number, Body=data)["ETag"]
            for number, data in ((1, bytes(5 * FIRST_WINDOW)), (2, b"end"))
        ]
        client.complete_multipart_upload(
            Bucket=name,
            Key="archive/m",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": i + 1, "ETag": tag} for i, tag in enumerate(parts)]},
        )

        assert await bench.storage.digests(f"s3://{name}/archive/m") == {}

    async def test_a_signed_url_serves_the_object_under_our_name_and_type(self, bench: S3Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        url = await bench.storage.sign(
            location,
            lifetime=timedelta(seconds=60),
            file_name="Übung, 1*.tif",
            media_type="image/tiff",
            is_inline=False,
        )
        async with httpx.AsyncClient() as client:
            answer = await client.get(url)
            tampered = await client.get(url.replace("image%2Ftiff", "text%2Fhtml"))

        assert answer.content == DATA
        assert answer.headers["content-type"] == "image/tiff"
        assert answer.headers["content-disposition"] == (
            "attachment; filename=\"Ubung, 1_.tif\"; filename*=UTF-8''%C3%9Cbung%2C%201%2A.tif"
        )
        assert "X-Amz-Expires=60" in url
        assert tampered.status_code == 403

    async def test_an_object_that_was_replaced_is_not_signed(self, bench: S3Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        bench.put("a.dat", DATA[::-1])

        with pytest.raises(CopyChanged):
            await bench.storage.sign(
                location, lifetime=timedelta(seconds=60), file_name="a", media_type="text/plain", is_inline=False
            )

    async def test_a_member_of_an_archive_is_not_signed(self, bench: S3Bench) -> None:
        url = bench.put("a.zip", DATA)

        with pytest.raises(LocationRefused):
            await bench.storage.sign(
                factories.a_location(url=f"{url}?fileName=x"),
                lifetime=timedelta(seconds=60),
                file_name="a",
                media_type="text/plain",
                is_inline=False,
            )


class TestConfiguration:
    def test_the_plugin_is_found(self) -> None:
        (plugin,) = [found for found in PluginRegistry().plugins() if found.plugin_id == "S3"]

        assert plugin.error is None
        assert [p.name for p in plugin.parameters if p.secret] == ["S3_Server_Secret"]
        assert [p.name for p in plugin.parameters if p.required] == [
            "S3_Server_Endpoint",
            "S3_Server_Region",
            "S3_Server_Key",
            "S3_Server_Secret",
            "S3_Server_Bucket",
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            {"S3_Server_Endpoint": "s3.example.org"},
            {"S3_Server_Endpoint": "http://user:pw@s3.example.org"},
            {"S3_Server_Endpoint": "http://s3.example.org/?x"},
            {"S3_Server_Bucket": "a/b"},
            {"S3_Server_Secret": ""},
            {"Root_Path": "a/../b"},
            {"S3_Addressing_Style": "other"},
            {"S3_Read_Timeout": 0},
            {"S3_Max_Connections": 0},
        ],
    )
    def test_parameters_that_cannot_be_are_refused(self, s3_server: S3Server, changes: dict[str, object]) -> None:
        good = S3Bucket(s3_server, "bucket", None).parameters()

        with pytest.raises(InvalidValue):
            PluginRegistry().validated_parameters("S3", {**good, **changes})
