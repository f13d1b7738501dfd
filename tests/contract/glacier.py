"""An S3Glacier storage on a real server, a back door to it, and what was asked of the server."""

from importlib.metadata import EntryPoint
from typing import Any

import attrs

from adapters.storage.conformance import read_all
from adapters.storage.fence import Fence
from adapters.storage.glacier.storage import GlacierStorage
from adapters.storage.plugin import PluginEnvironment
from adapters.storage.registry import ENTRY_POINT_GROUP, PluginRegistry
from adapters.storage.s3.client import Bucket
from domain.availability import Availability, CopyAvailability
from domain.storage_location import StorageLocation, StorageType
from tests import factories
from tests.glacier_servers import GlacierServer
from tests.s3_servers import S3Bucket

DATE = "20260301120000000"
SMALL = b"what sleeps on a tape"
AVAILABLE = CopyAvailability(state=Availability.AVAILABLE)


@attrs.define
class GlacierBench:
    server: GlacierServer
    bucket: S3Bucket
    storage: GlacierStorage

    def url(self, name: str) -> str:
        return f"{self.server.endpoint}/{self.bucket.name}/archive/{name}"

    def put(self, name: str, data: bytes) -> str:
        """An object that slept and was restored."""
        self.server.restored(self.bucket, f"archive/{name}", data)
        return self.url(name)

    def put_asleep(self, name: str, data: bytes) -> str:
        self.server.sleeping(self.bucket, f"archive/{name}", data)
        return self.url(name)

    def finish(self, name: str) -> None:
        """Every restoration takes less."""
        self.server.pass_time(hours=2)

    def expire(self, name: str) -> None:
        """No restoration of the tests lasts longer."""
        self.server.pass_time(hours=72)

    def remove(self, name: str) -> None:
        self.bucket.remove(f"archive/{name}")

    def foreign_urls(self) -> list[str]:
        self.bucket.put("outside", b"secret")
        base = f"{self.server.endpoint}/{self.bucket.name}"
        return [f"{base}/outside", f"{base}/archive/../outside", f"{base}-beside/archive/a", "file:///etc/passwd", "a"]


def a_registry(fence: Fence | None = None) -> PluginRegistry:
    found = EntryPoint(
        name="S3Glacier", value="adapters.storage.glacier.storage:GlacierPlugin", group=ENTRY_POINT_GROUP
    )
    return PluginRegistry([found], environment=PluginEnvironment(fence=fence or Fence()))


def storage_of(
    bucket: S3Bucket, endpoint: str | None = None, *, fence: Fence | None = None, **changes: object
) -> GlacierStorage:
    values: dict[str, object] = {**bucket.parameters(Root_Path="archive"), **changes}
    if endpoint is not None:
        values["S3_Server_Endpoint"] = endpoint
    configuration = StorageLocation(
        tenant=factories.TENANT,
        name="glacier",
        storage_type=StorageType.NEARLINE,
        priority=0,
        plugin_id="S3Glacier",
        parameters=a_registry().validated_parameters("S3Glacier", values),
    )
    storage = a_registry(fence).storage(configuration)
    assert isinstance(storage, GlacierStorage)
    return storage


@attrs.define(eq=False)
class RecordedBucket(Bucket):
    """A bucket that remembers what it was asked."""

    calls: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list, kw_only=True)

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        self.calls.append((operation, arguments))
        return await super().call(operation, **arguments)

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.calls)

    @property
    def restorations(self) -> list[dict[str, Any]]:
        return [arguments["RestoreRequest"] for name, arguments in self.calls if name == "restore_object"]


async def read_small(storage: GlacierStorage, url: str) -> bytes:
    location = attrs.evolve(factories.a_location(url=url), version=None)
    source = await storage.open(location, len(SMALL))
    try:
        return await read_all(source, 0, len(SMALL))
    finally:
        await source.aclose()
