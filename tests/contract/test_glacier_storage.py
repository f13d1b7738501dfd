"""The storage and the nearline contract over S3Glacier, on a real server, and what only such storages can get wrong."""

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import attrs
import pytest

from adapters.storage.conformance import StorageContract
from adapters.storage.s3.client import Bucket
from application.errors import CopyNotRestored, StorageUnavailable
from application.ports.storage import NearlineStorage
from domain.availability import Availability
from domain.errors import InvalidValue
from tests import factories
from tests.contract.glacier import AVAILABLE, SMALL, GlacierBench, RecordedBucket, a_registry, read_small, storage_of
from tests.contract.nearline import SleepingContract, said
from tests.glacier_servers import GlacierServer, ministack
from tests.s3_proxy import Fault, S3Proxy
from tests.tools import needs_tools

pytestmark = [pytest.mark.anyio, *needs_tools]


@pytest.fixture(scope="module")
def server() -> Iterator[GlacierServer]:
    with ministack() as running:
        yield running


@pytest.fixture
async def bench(server: GlacierServer) -> AsyncIterator[GlacierBench]:
    bucket = server.new_bucket()
    made = GlacierBench(server, bucket, storage_of(bucket))
    yield made
    await made.storage.aclose()


class TestGlacierStorage(StorageContract):
    """What is restored is read like anything else."""


class AsleepBench(GlacierBench):
    """What is put sleeps."""

    def put(self, name: str, data: bytes) -> str:
        return self.put_asleep(name, data)


class TestSleepingGlacierStorage(SleepingContract):
    """What sleeps is restored, read, and sleeps again."""

    @pytest.fixture
    def bench(self, bench: GlacierBench) -> AsleepBench:
        return AsleepBench(bench.server, bench.bucket, bench.storage)


async def test_it_is_a_nearline_storage_that_keeps_restored_objects_readable_only_where_it_is_told_to(
    bench: GlacierBench,
) -> None:
    assert isinstance(bench.storage, NearlineStorage)
    assert not bench.storage.keeps_readable
    assert storage_of(bench.bucket, useExternalCacheName=True).keeps_readable


async def test_what_never_slept_is_available_and_needs_no_restoration(bench: GlacierBench) -> None:
    bench.bucket.put("archive/standard", SMALL)
    bench.bucket.put("archive/instant", SMALL, StorageClass="GLACIER_IR")

    for name in ("standard", "instant"):
        await bench.storage.restore(bench.url(name), hours=1)
        assert await said(bench.storage, bench.url(name)) == AVAILABLE
        assert await read_small(bench.storage, bench.url(name)) == SMALL


@pytest.fixture
async def recorded(bench: GlacierBench) -> RecordedBucket:
    bucket = RecordedBucket(bench.storage.glacier)
    await bench.storage.aclose()
    bench.storage = attrs.evolve(bench.storage, bucket=bucket)
    return bucket


async def test_a_restoration_is_asked_for_in_days_and_with_a_tier_which_keeping_it_longer_has_not(
    bench: GlacierBench, recorded: RecordedBucket
) -> None:
    url = bench.put_asleep("a.dat", SMALL)
    await bench.storage.restore(url, hours=25)
    bench.finish("a.dat")
    await bench.storage.restore(url, hours=1)
    await bench.storage.restore(url, hours=24 * 30)

    assert recorded.restorations == [{"Days": 2, "GlacierJobParameters": {"Tier": "Standard"}}, {"Days": 30}]


async def test_the_tier_is_the_operators(bench: GlacierBench, recorded: RecordedBucket) -> None:
    storage = attrs.evolve(bench.storage, glacier=attrs.evolve(bench.storage.glacier, tier="Bulk"))
    await storage.restore(bench.put_asleep("a.dat", SMALL), hours=1)

    assert [request["GlacierJobParameters"] for request in recorded.restorations] == [{"Tier": "Bulk"}]


async def test_a_restoration_that_somebody_else_began_meanwhile_is_fine(bench: GlacierBench) -> None:
    url = bench.put_asleep("a.dat", SMALL)
    asleep = dict(bench.bucket.client.head_object(Bucket=bench.bucket.name, Key="archive/a.dat"))

    class Late(RecordedBucket):
        async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
            return asleep if operation == "head_object" else await super().call(operation, **arguments)

    late = Late(bench.storage.glacier)
    storage = attrs.evolve(bench.storage, bucket=late)
    await storage.restore(url, hours=1)
    await storage.restore(url, hours=1)
    await storage.aclose()

    assert len(late.restorations) == 2
    assert (await said(bench.storage, url)).state is Availability.RESTORING


async def test_a_class_that_the_server_restores_nothing_of_is_named_with_the_remedy(bench: GlacierBench) -> None:
    bench.bucket.put("archive/odd", SMALL)
    answer = dict(bench.bucket.client.head_object(Bucket=bench.bucket.name, Key="archive/odd"))

    class Odd(Bucket):
        async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
            if operation == "head_object":
                return answer | {"StorageClass": "ODD"}
            return await super().call(operation, **arguments)

    storage = attrs.evolve(bench.storage, bucket=Odd(bench.storage.glacier))
    with pytest.raises(StorageUnavailable, match=r"'ODD'.*standardStorageClassName"):
        await storage.restore(bench.url("odd"), hours=1)
    named = attrs.evolve(storage, glacier=attrs.evolve(storage.glacier, standard_class="ODD"))
    await named.restore(bench.url("odd"), hours=1)

    assert (await named.availability([bench.url("odd")]))[bench.url("odd")] == AVAILABLE
    await storage.aclose()


async def test_an_object_that_sleeps_again_after_it_was_opened_is_said_so(bench: GlacierBench) -> None:
    url = bench.put("a.dat", SMALL)
    source = await bench.storage.open(attrs.evolve(factories.a_location(url=url), version=None), len(SMALL))
    bench.expire("a.dat")

    with pytest.raises(CopyNotRestored):
        await source.read(0, len(SMALL))
    await source.aclose()


class TestTrouble:
    """Servers that refuse, fail, and hang."""

    async def test_an_object_that_the_server_refuses_spoils_no_other(self, bench: GlacierBench) -> None:
        bench.put_asleep("a", SMALL)
        bench.put_asleep("b", SMALL)
        proxy = S3Proxy(bench.server.port)
        forbidden = Fault(answer=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        proxy.fault_for = lambda asked: forbidden if asked.target.endswith("/a") else None
        async with proxy.listening():
            storage = storage_of(bench.bucket, proxy.endpoint)
            urls = [f"{proxy.endpoint}/{bench.bucket.name}/archive/{name}" for name in "ab"]
            answers = await storage.availability(urls)
            alone = await storage.availability(urls[:1])
            await storage.aclose()

        assert [answers[url].state for url in urls] == [Availability.ERROR, Availability.UNAVAILABLE]
        assert alone[urls[0]].state is Availability.ERROR

    async def test_a_server_that_hangs_costs_the_time_limit_and_no_more(self, bench: GlacierBench) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            storage = storage_of(bench.bucket, endpoint, Glacier_Availability_Timeout=0.05, S3_Read_Timeout=3600.0)
            urls = [f"{endpoint}/{bench.bucket.name}/archive/{i}" for i in range(100)]
            with pytest.raises(StorageUnavailable, match="in time"):
                await storage.availability(urls)
            await storage.aclose()

    async def test_one_object_that_hangs_spoils_no_other(self, bench: GlacierBench) -> None:
        bench.put_asleep("a", SMALL)
        bench.put_asleep("b", SMALL)
        proxy = S3Proxy(bench.server.port)
        hangs = Fault(answer=b"HTTP/1.1 200 OK\r\n")
        proxy.fault_for = lambda asked: hangs if asked.target.endswith("/a") else None
        async with proxy.listening():
            storage = storage_of(bench.bucket, proxy.endpoint, Glacier_Availability_Timeout=1.0)
            urls = [f"{proxy.endpoint}/{bench.bucket.name}/archive/{name}" for name in "ab"]
            answers = await storage.availability(urls)
            await storage.aclose()

        assert [answers[url].state for url in urls] == [Availability.ERROR, Availability.UNAVAILABLE]

    async def test_a_server_that_is_not_there_is_said_at_once_for_all(self, bench: GlacierBench) -> None:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        storage = storage_of(bench.bucket, endpoint)

        with pytest.raises(StorageUnavailable):
            await storage.availability([f"{endpoint}/{bench.bucket.name}/archive/{i}" for i in range(3)])
        await storage.aclose()


class TestParameters:
    """Upstream's names, old and new."""

    async def test_both_names_of_a_parameter_are_taken_and_kept_under_one(self, bench: GlacierBench) -> None:
        values = bench.bucket.parameters(Glacier_Workspace_Path="/w", Glacier_Small_File_Max_Size=7)

        kept = a_registry().validated_parameters("S3Glacier", values)

        assert (kept["Small_File_Workspace_Path"], kept["Small_File_Max_Size"]) == ("/w", 7)
        assert "Glacier_Workspace_Path" not in kept

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Glacier_Restore_Tier", "Slow"),
            ("Small_File_Workspace_Path", "relative"),
            ("Small_File_Workspace_Path", "/a/../b"),
            ("Glacier_Parallel_Availability_Number", 0),
            ("Glacier_Availability_Timeout", 0),
        ],
    )
    async def test_a_wrong_one_is_named(self, bench: GlacierBench, name: str, value: object) -> None:
        with pytest.raises(InvalidValue, match=name):
            a_registry().validated_parameters("S3Glacier", bench.bucket.parameters(**{name: value}))
