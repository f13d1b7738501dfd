"""How long a storage lives: as long as its configuration, and what is open of it a little longer."""

from typing import Any

import anyio
import anyio.lowlevel
import attrs
import pytest

from adapters.storage.registry import PluginRegistry
from adapters.storage.sharing import Sharing
from application.errors import PluginUnusable, StorageUnavailable
from application.ports.secrets import SecretPlace
from domain.storage_location import StorageLocation, StorageType
from domain.stored_secret import stored
from tests.contract.test_plugin_registry import PickyParameters, PickyPlugin, entry
from tests.factories import TENANT, a_storage
from tests.fakes.in_memory_secrets import InMemorySecretBox
from tests.fakes.in_memory_storage import InMemoryStorage

pytestmark = pytest.mark.anyio
built: list["ClosableStorage"] = []


class ClosableStorage(InMemoryStorage):
    def __init__(self, parameters: PickyParameters, place: tuple[str, str]) -> None:
        super().__init__()
        self.parameters, self.place, self.closings = parameters, place, 0

    async def aclose(self) -> None:
        self.closings += 1
        if self.parameters.count == 13:
            raise ZeroDivisionError


class ClosablePlugin(PickyPlugin):
    plugin_id = "Closable"

    @classmethod
    def build(cls, parameters: PickyParameters, environment: Any) -> ClosableStorage:
        if parameters.count == 99:
            raise ZeroDivisionError(parameters.word)
        built.append(ClosableStorage(parameters, (environment.tenant, environment.storage)))
        return built[-1]


@pytest.fixture
def secrets() -> InMemorySecretBox:
    return InMemorySecretBox()


@pytest.fixture
def registry(secrets: InMemorySecretBox) -> PluginRegistry:
    built.clear()
    return PluginRegistry([entry("Closable", f"{__name__}:ClosablePlugin")], secrets=secrets, most=2)


def configured(name: str = "disk", **parameters: object) -> StorageLocation:
    location = a_storage(name)
    return attrs.evolve(
        location, plugin_id="Closable", storage_type=StorageType.NEARLINE, parameters={"Count": 1, **parameters}
    )


async def settled(registry: PluginRegistry) -> None:
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


async def test_a_changed_configuration_closes_the_storage_before(registry: PluginRegistry):
    old = registry.storage(configured(Count=1))
    new = registry.storage(configured(Count=2))
    await settled(registry)

    assert (old, new) == tuple(built)
    assert [storage.closings for storage in built] == [1, 0]
    await registry.aclose()
    await registry.aclose()
    assert [storage.closings for storage in built] == [1, 1]


async def test_a_storage_that_is_forgotten_is_closed_and_built_anew(registry: PluginRegistry):
    registry.storage(configured())
    registry.forget(TENANT, "disk")
    registry.forget(TENANT, "never known")
    registry.storage(configured())
    await settled(registry)

    assert [storage.closings for storage in built] == [1, 0]
    assert built[0].place == (TENANT, "disk")


async def test_the_storage_that_was_not_used_for_longest_makes_room(registry: PluginRegistry):
    for name in ("a", "b", "a", "c"):
        registry.storage(configured(name))
    await settled(registry)

    assert {storage.place[1]: storage.closings for storage in built} == {"a": 0, "b": 1, "c": 0}


async def test_a_storage_that_fails_to_close_keeps_no_other_from_it(registry: PluginRegistry):
    registry.storage(configured("a", Count=13))
    registry.storage(configured("b"))

    await registry.aclose()

    assert [storage.closings for storage in built] == [1, 1]


def test_storages_are_closed_at_the_end_when_nothing_runs_that_could_close_them_before(registry: PluginRegistry):
    registry.storage(configured(Count=1))
    registry.storage(configured(Count=2))

    anyio.run(registry.aclose)

    assert [storage.closings for storage in built] == [1, 1]


def test_a_sealed_secret_is_opened_for_the_plugin_and_a_plain_one_is_taken_as_it_is(
    registry: PluginRegistry, secrets: InMemorySecretBox
):
    sealed = stored(secrets.seal("hush", SecretPlace(tenant=TENANT, storage="disk", parameter="Word")))

    registry.storage(configured(Word=sealed))
    registry.storage(configured("other", Word="plain"))

    assert [storage.parameters.word for storage in built] == ["hush", "plain"]


def test_a_secret_that_cannot_be_read_disables_only_its_storage(registry: PluginRegistry):
    with pytest.raises(PluginUnusable, match=r"disk.*secret"):
        registry.storage(configured(Word=stored("lost/1")))

    registry.storage(configured("other"))


def test_a_plugin_that_cannot_build_disables_only_its_storage_and_tells_no_secret(registry: PluginRegistry):
    with pytest.raises(PluginUnusable, match="ZeroDivisionError") as refused:
        registry.storage(configured(Count=99, Word="hush"))

    assert "hush" not in str(refused.value)
    registry.storage(configured("other"))


async def test_what_is_shared_is_released_once_after_the_last_user_of_what_was_retired():
    released: list[bool] = []

    async def release() -> None:
        released.append(True)

    sharing = Sharing(release)
    sharing.enter()
    sharing.enter()
    await sharing.leave()
    await sharing.retire()
    with pytest.raises(StorageUnavailable):
        sharing.enter()
    assert released == []

    await sharing.leave()
    await sharing.retire()

    assert released == [True]
