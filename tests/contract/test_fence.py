"""What no storage reads, and where tenants may place storages."""

import os
from pathlib import Path

import attrs
import pytest

from adapters.storage.fence import Fence
from adapters.storage.local import LocalStorage
from adapters.storage.registry import PluginRegistry
from application.errors import LocationRefused
from domain.errors import Forbidden
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
    registry = PluginRegistry(fence=fence)

    registry.require_tenant_may_place("demo", "Local", {"Storage_URL": str(tenants / "demo" / "disk")})
    for folder in (tenants / "other", tenants, tenants / "demo" / ".." / "other", tenants / "demo-2", data_dir):
        with pytest.raises(Forbidden):
            registry.require_tenant_may_place("demo", "Local", {"Storage_URL": str(folder)})


def test_without_a_word_from_the_operator_a_tenant_places_nothing() -> None:
    with pytest.raises(Forbidden, match="RS_DOWNLOADER_LOCAL_ROOTS"):
        PluginRegistry().require_tenant_may_place("demo", "Local", {"Storage_URL": "/data"})


def test_the_registry_gives_its_fence_to_storages(fence: Fence) -> None:
    configured = attrs.evolve(factories.a_storage(), plugin_id="Local", parameters={"Storage_URL": "/data"})

    storage = PluginRegistry(fence=fence).storage(configured)

    assert isinstance(storage, LocalStorage)
    assert storage.fence is fence
