"""Configuring storages and their order."""

import attrs
import pytest

from application.ports.secrets import SecretPlace
from application.use_cases.add_storage import AddStorage
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_storages import ListStorages, ListStoragesRequest, ParameterView, StorageView
from application.use_cases.move_storage import MoveStorage, MoveStorageRequest
from application.use_cases.remove_storage import RemoveStorage, RemoveStorageRequest
from application.use_cases.rotate_secrets import RotateSecrets
from domain.cool_down import after_failure
from domain.errors import AlreadyExists, InvalidValue, NotEmpty, NotFound
from domain.storage_location import StorageType
from domain.stored_secret import MASK, sealed_in, stored
from tests.factories import TENANT, a_file, a_location, a_storage
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio


async def add(world: World, name: str, plugin_id: str | None = "Memory", **more: object) -> StorageView:
    request = StorageRequest(tenant=TENANT, name=name, plugin_id=plugin_id, **more)
    return await AddStorage(world.unit_of_work, world.configurations).execute(request)


async def change(world: World, name: str, plugin_id: str | None = "Memory", **more: object) -> StorageView:
    request = StorageRequest(tenant=TENANT, name=name, plugin_id=plugin_id, **more)
    return await ChangeStorage(world.unit_of_work, world.configurations).execute(request)


def secret_of(world: World, name: str) -> str:
    sealed = sealed_in(world.tables.storages[TENANT, name].parameters["password"])
    assert sealed is not None
    return world.secrets.open(sealed, SecretPlace(tenant=TENANT, storage=name, parameter="password"))


async def move(world: World, name: str, *, up: bool) -> StorageView:
    return await MoveStorage(world.unit_of_work, world.registry).execute(
        MoveStorageRequest(tenant=TENANT, name=name, up=up)
    )


async def remove(world: World, name: str) -> None:
    await RemoveStorage(world.unit_of_work).execute(RemoveStorageRequest(tenant=TENANT, name=name))


async def listed(world: World, name: str | None = None, tenant: str = TENANT) -> tuple[StorageView, ...]:
    request = ListStoragesRequest(tenant=tenant, name=name)
    return await ListStorages(world.unit_of_work, world.registry).execute(request)


async def order(world: World) -> list[tuple[str, int]]:
    return [(view.name, view.priority) for view in await listed(world) if view.storage_type is StorageType.ONLINE]


async def test_a_new_storage_is_tried_last_of_its_type():
    world = World()

    await add(world, "a")
    await add(world, "b")
    offline = await add(world, "shelf", plugin_id=None)

    assert await order(world) == [("a", 0), ("b", 1)]
    assert (offline.storage_type, offline.priority, offline.plugin_id) == (StorageType.OFFLINE, 0, None)


async def test_the_type_is_that_of_the_plugin_and_defaults_are_filled_in():
    view = await add(World(), "a", verify=True, active=False, allocated_size_kb=7)

    assert view.storage_type is StorageType.ONLINE
    assert view.parameters == (ParameterView(name="root", type="STRING", value="/"),)
    assert (view.verify, view.active, view.allocated_size_kb, view.plugin_version) == (True, False, 7, "1")


async def test_a_name_is_given_once():
    world = World()
    await add(world, "a")

    with pytest.raises(AlreadyExists):
        await add(world, "a", plugin_id=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "a", "plugin_id": "Unknown"},
        {"name": "a", "plugin_id": "Broken"},
        {"name": "a", "parameters": {"unknown": "x"}},
        {"name": "a", "plugin_id": None, "parameters": {"root": "/"}},
    ],
)
async def test_what_cannot_work_is_refused(wrong):
    world = World()

    with pytest.raises(InvalidValue):
        await add(world, **wrong)

    assert world.tables.storages == {}


async def test_a_secret_is_never_shown():
    world = World()

    view = await add(world, "a", parameters={"password": "hush"})

    assert ParameterView(name="password", type="STRING", value=MASK) in view.parameters
    assert "hush" not in repr(await listed(world))


async def test_a_secret_that_is_left_out_keeps_its_value():
    world = World()
    await add(world, "a", parameters={"password": "hush", "root": "/old"})

    await change(world, "a", parameters={"root": "/new"})

    assert world.tables.storages[TENANT, "a"].parameters["root"] == "/new"
    assert secret_of(world, "a") == "hush"


@pytest.mark.parametrize("shown", [{}, {"password": MASK}])
async def test_a_tenant_turns_no_secret_on_another_place_without_knowing_it(shown):
    world = World()
    await add(world, "a", parameters={"password": "hush", "root": "/old"})

    with pytest.raises(InvalidValue, match="'root', give the secret 'password' again"):
        await change(world, "a", parameters={"root": "/new", **shown}, is_by_tenant=True)
    await change(world, "a", parameters={"root": "/old", **shown}, verify=True, is_by_tenant=True)

    assert world.tables.storages[TENANT, "a"].parameters["root"] == "/old"
    assert secret_of(world, "a") == "hush"
    await change(world, "a", parameters={"root": "/new", "password": "quiet"}, is_by_tenant=True)
    assert secret_of(world, "a") == "quiet"


async def test_a_secret_is_replaced_by_a_new_one():
    world = World()
    await add(world, "a", parameters={"password": "hush"})

    await change(world, "a", parameters={"password": "quiet"})

    assert secret_of(world, "a") == "quiet"


async def test_what_is_shown_of_a_secret_is_taken_for_the_secret_that_is_there():
    world = World()
    await add(world, "a", parameters={"password": "hush"})

    await change(world, "a", parameters={"password": MASK, "root": "/new"})

    assert secret_of(world, "a") == "hush"


async def test_what_is_shown_of_a_secret_is_no_secret():
    world = World()
    await add(world, "b")

    for attempt in (add(world, "a", parameters={"password": MASK}), change(world, "b", parameters={"password": MASK})):
        with pytest.raises(InvalidValue, match="password"):
            await attempt


async def test_a_secret_stored_before_secrets_were_sealed_is_sealed_when_its_storage_is_changed():
    world = World()
    await add(world, "a")
    before = world.tables.storages[TENANT, "a"]
    world.holds(attrs.evolve(before, parameters={"root": "/", "password": "hush"}))

    await change(world, "a", parameters={"root": "/"})

    assert secret_of(world, "a") == "hush"


async def test_a_secret_that_cannot_be_read_is_given_anew_or_nothing_is_changed():
    world = World()
    await add(world, "a", parameters={"password": "hush"})
    world.secrets.keys = ["k2"]
    before = dict(world.tables.storages)

    with pytest.raises(InvalidValue, match="password"):
        await change(world, "a", parameters={"root": "/new"})

    assert world.tables.storages == before
    await change(world, "a", parameters={"password": "quiet"})
    assert secret_of(world, "a") == "quiet"


async def test_secrets_are_sealed_anew_with_the_newest_key_and_one_that_is_lost_stays_as_it_is():
    world = World()
    await add(world, "plain")
    plain = world.tables.storages[TENANT, "plain"]
    world.holds(attrs.evolve(plain, parameters={"root": "/", "password": "old"}))
    await add(world, "a", parameters={"password": "hush"})
    world.holds(attrs.evolve(plain, name="lost", priority=2, parameters={"root": "/", "password": stored("gone/7")}))
    world.secrets.keys = ["k2", "k1"]
    rotate = RotateSecrets(world.unit_of_work, world.configurations)

    first = await rotate.execute(TENANT)
    world.secrets.keys = ["k2"]
    second = await rotate.execute(TENANT)

    assert (set(first.sealed), len(first.unreadable)) == ({"a", "plain"}, 1)
    assert "lost" in first.unreadable[0]
    assert second.sealed == ()
    assert (secret_of(world, "a"), secret_of(world, "plain")) == ("hush", "old")


@pytest.mark.parametrize("wrong", [{"name": "cache"}, {"name": "a", "plugin_id": "InternalCache"}])
async def test_the_place_of_the_services_own_cache_is_taken(wrong):
    world = World()

    with pytest.raises(InvalidValue, match="own cache"):
        await add(world, **wrong)
    with pytest.raises(InvalidValue, match="own cache"):
        await add(world, "cache", plugin_id=None)


async def test_a_storage_can_lose_its_plugin_and_then_leaves_the_order():
    world = World()
    for name in ("a", "b", "c"):
        await add(world, name)

    view = await change(world, "b", plugin_id=None)

    assert view.storage_type is StorageType.OFFLINE
    assert await order(world) == [("a", 0), ("c", 1)]


async def test_a_storage_can_be_switched_off_and_keeps_its_place():
    world = World()
    for name in ("a", "b"):
        await add(world, name)

    view = await change(world, "a", active=False)

    assert (view.active, view.priority) == (False, 0)


async def test_a_plugin_that_is_gone_is_told_and_its_parameters_are_not_shown():
    world = World().holds(a_storage("a"))
    gone = world.tables.storages[TENANT, "a"]
    world.holds(
        type(gone)(
            tenant=TENANT,
            name="a",
            storage_type=gone.storage_type,
            priority=0,
            plugin_id="Gone",
            parameters={"secret": "hush"},
        )
    )

    (view,) = await listed(world)

    assert view.plugin_error == "This plugin is not installed."
    assert view.parameters == (ParameterView(name="secret", type="STRING", value=None),)
    with pytest.raises(InvalidValue):
        await change(world, "a", plugin_id="Gone")


async def test_neighbours_change_places():
    world = World()
    for name in ("a", "b", "c"):
        await add(world, name)

    assert (await move(world, "c", up=True)).priority == 1
    assert await order(world) == [("a", 0), ("c", 1), ("b", 2)]
    assert (await move(world, "a", up=False)).priority == 1
    assert await order(world) == [("c", 0), ("a", 1), ("b", 2)]


async def test_the_first_cannot_go_up_nor_the_last_down():
    world = World()
    for name in ("a", "b"):
        await add(world, name)

    assert (await move(world, "a", up=True)).priority == 0
    assert (await move(world, "b", up=False)).priority == 1


async def test_a_removed_storage_leaves_no_gap():
    world = World()
    for name in ("a", "b", "c"):
        await add(world, name)

    await remove(world, "a")

    assert await order(world) == [("b", 0), ("c", 1)]


async def test_a_storage_with_files_stays():
    world = World().with_one_file()

    with pytest.raises(NotEmpty):
        await remove(world, "disk")

    assert (TENANT, "disk") in world.tables.storages


async def test_a_storage_of_another_tenant_does_not_exist():
    world = World().holds(a_storage("a", tenant="other"))

    assert await listed(world) == ()
    with pytest.raises(NotFound):
        await listed(world, name="a")
    for action in (change(world, "a"), move(world, "a", up=True), remove(world, "a")):
        with pytest.raises(NotFound):
            await action


async def test_one_storage_can_be_read_alone():
    world = World().holds(a_storage("a"), a_storage("b", priority=1))

    assert [view.name for view in await listed(world, name="b")] == ["b"]


async def test_plugins_are_listed_usable_or_not():
    plugins = await ListPlugins(World().registry).execute()

    assert [(plugin.plugin_id, plugin.error is None) for plugin in plugins] == [("Broken", False), ("Memory", True)]


async def test_a_storage_that_failed_is_listed_with_its_failures():
    world = World().holds(a_storage("disk"), a_storage("fine", priority=1))
    failed = after_failure(None, tenant=TENANT, storage="disk", reason="It died.", now=world.clock.now())
    world.tables.cooling[TENANT, "disk"] = failed

    assert [view.cool_down for view in await listed(world)] == [failed, None]


async def test_whoever_lets_a_storage_verify_is_told_of_what_cannot_be():
    world = World().holds(a_storage("disk"), attrs.evolve(a_file(), algorithm="WHIRLPOOL"), a_location())

    (warning,) = (await change(world, "disk", verify=True)).warnings

    assert warning.startswith("1 of 1 files on it cannot be verified")
    assert (await change(world, "disk", verify=True)).warnings == ()


async def test_nothing_is_said_of_files_that_can_be_verified():
    world = World().with_one_file()

    assert (await change(world, "disk", verify=True)).warnings == ()
