"""What no storage reads, and where tenants may place storages."""

import os
from importlib.metadata import EntryPoint
from pathlib import Path

import attrs
import pytest

from adapters.storage.environment import PluginEnvironment
from adapters.storage.fence import Fence
from adapters.storage.local import LocalParameters, LocalStorage
from adapters.storage.plugin import StoragePlugin
from adapters.storage.registry import ENTRY_POINT_GROUP, PluginRegistry
from application.errors import LocationRefused
from application.ports.storage import Storage
from domain.errors import Forbidden, InvalidValue
from domain.storage_location import StorageType
from tests import factories

pytestmark = pytest.mark.anyio


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "demo").mkdir(parents=True)
    (folder / "jwt.key").write_bytes(b"key")
    (folder / "demo" / "file.dat").write_bytes(b"public")
    (tmp_path / "state.db").write_bytes(b"state")
    (tmp_path / "state.db-wal").write_bytes(b"state")
    return folder


@pytest.fixture
def fence(data_dir: Path) -> Fence:
    return Fence(
        private=(str(data_dir), str(data_dir.parent / "state.db")),
        shared=(str(data_dir / "demo"),),
        tenant_roots=(str(data_dir.parent / "tenants" / "{tenant}"),),
    )


@pytest.mark.parametrize("name", ["data/jwt.key", "state.db", "state.db-wal"])
@pytest.mark.parametrize("root", ["", "data"])
async def test_no_root_opens_the_state_of_the_service(data_dir: Path, fence: Fence, name: str, root: str) -> None:
    storage = LocalStorage(str(data_dir.parent / root), fence)

    with pytest.raises(LocationRefused):
        await storage.check((data_dir.parent / name).as_uri())


async def test_a_link_does_not_either(data_dir: Path, fence: Fence) -> None:
    (data_dir.parent / "link").symlink_to(data_dir / "jwt.key")

    with pytest.raises(LocationRefused):
        await LocalStorage(str(data_dir.parent), fence).check((data_dir.parent / "link").as_uri())


async def test_the_demo_inside_is_open(data_dir: Path, fence: Fence) -> None:
    status = await LocalStorage(str(data_dir / "demo"), fence).check((data_dir / "demo" / "file.dat").as_uri())

    assert status.size_bytes == 6


@pytest.mark.parametrize("path", ["/proc/self/environ", "/sys/kernel/notes", "/dev/zero"])
async def test_views_of_the_system_are_no_files(path: str) -> None:
    if os.path.lexists(path):  # noqa: ASYNC240 — one look at a local file.
        with pytest.raises(LocationRefused):
            await LocalStorage("/").check(f"file://{path}")


def test_a_tenant_places_storages_only_where_the_operator_lets_it(data_dir: Path, fence: Fence) -> None:
    tenants = data_dir.parent / "tenants"
    registry = PluginRegistry(environment=PluginEnvironment(fence=fence))

    registry.require_tenant_may_place("demo", "Local", {"Storage_URL": str(tenants / "demo" / "disk")})
    for folder in (tenants / "other", tenants, tenants / "demo" / ".." / "other", tenants / "demo-2", data_dir):
        with pytest.raises(Forbidden):
            registry.require_tenant_may_place("demo", "Local", {"Storage_URL": str(folder)})


def test_without_a_word_from_the_operator_a_tenant_places_nothing() -> None:
    with pytest.raises(Forbidden, match="RS_DOWNLOADER_LOCAL_ROOTS"):
        PluginRegistry().require_tenant_may_place("demo", "Local", {"Storage_URL": "/data"})


@pytest.mark.parametrize("plugin_id", ["S3", "S3Glacier"])
def test_a_tenant_places_storages_only_on_servers_that_the_operator_allows(plugin_id: str) -> None:
    registry = PluginRegistry(
        environment=PluginEnvironment(allowed_hosts=("s3.example.org", "*.objects.example.org:9000"))
    )

    def place(endpoint: str) -> None:
        parameters: dict[str, object] = {
            "S3_Server_Endpoint": endpoint,
            "S3_Server_Region": "r",
            "S3_Server_Key": "k",
            "S3_Server_Secret": "s",
            "S3_Server_Bucket": "bucket",
        }
        registry.require_tenant_may_place("demo", plugin_id, parameters)

    place("https://S3.example.org")
    place("http://a.objects.example.org:9000")
    for endpoint in ("http://169.254.169.254", "http://127.0.0.1:5432", "https://s3.example.org:8443", "https://x.org"):
        with pytest.raises(Forbidden, match="RS_DOWNLOADER_HTTP_HOSTS"):
            place(endpoint)


@pytest.mark.parametrize("plugin_id", ["S3", "S3Glacier"])
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://h:99999",
        "http://h:x",
        "http://[::1",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://2130706433",
        "http://127.1",
        "http://a\\b",
    ],
)
def test_an_endpoint_means_the_same_to_everybody_who_reads_it(plugin_id: str, endpoint: str) -> None:
    parameters: dict[str, object] = {
        "S3_Server_Endpoint": endpoint,
        "S3_Server_Region": "r",
        "S3_Server_Key": "k",
        "S3_Server_Secret": "s",
        "S3_Server_Bucket": "bucket",
    }

    with pytest.raises(InvalidValue, match="plain host"):
        PluginRegistry().validated_parameters(plugin_id, parameters)


class SilentPlugin(StoragePlugin):
    """A plugin that does not say what it reads."""

    plugin_id, version, description = "Silent", "1", "Says nothing."
    storage_type, parameters = StorageType.ONLINE, LocalParameters

    @classmethod
    def build(cls, parameters: LocalParameters, environment: PluginEnvironment) -> Storage:
        del environment
        return LocalStorage(parameters.root)


def test_a_tenant_places_no_storage_of_a_plugin_that_does_not_say_what_it_reads() -> None:
    found = EntryPoint("Silent", f"{__name__}:SilentPlugin", ENTRY_POINT_GROUP)
    registry = PluginRegistry([found], environment=PluginEnvironment(fence=Fence(tenant_roots=("/",))))

    with pytest.raises(Forbidden, match="command line"):
        registry.require_tenant_may_place("demo", "Silent", {"Storage_URL": "/data"})


def test_a_tenant_places_http_storages_since_each_of_their_requests_is_checked() -> None:
    PluginRegistry().require_tenant_may_place("demo", "HTTP", {"HTTP_Base_URL": "http://10.0.0.1/"})


def test_the_registry_gives_its_fence_to_storages(fence: Fence) -> None:
    configured = attrs.evolve(factories.a_storage(), plugin_id="Local", parameters={"Storage_URL": "/data"})

    storage = PluginRegistry(environment=PluginEnvironment(fence=fence)).storage(configured)

    assert isinstance(storage, LocalStorage)
    assert storage.fence is fence
