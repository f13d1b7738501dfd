"""Registering batches of files."""

from datetime import timedelta

import attrs
import pytest

from application.errors import CopyNotRestored, PluginUnusable, StorageUnavailable
from application.ports.storage import CopyStatus
from application.use_cases.register_files import (
    FilesRefused,
    NewFile,
    RefusedFile,
    Registered,
    RegisterFiles,
    RegisterFilesRequest,
)
from domain.storage_location import StorageLocation, StorageType
from tests.factories import TENANT, a_storage
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry, Misbehaviour
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

DATA = b"0123456789"


def a_world() -> World:
    world = World().holds(a_storage("disk"), a_storage("mirror", priority=1))
    world.disk.put("/c1", DATA)
    world.disk.put("/c2", DATA)
    return world


def new(checksum: str = "c1", **more: object) -> NewFile:
    known = {
        "checksum": checksum,
        "algorithm": "MD5",
        "file_name": f"{checksum}.dat",
        "size_bytes": len(DATA),
        "media_type": "application/octet-stream",
        "data_type": "RAWDATA",
        "storage": "disk",
        "url": f"/{checksum}",
    }
    return NewFile(**{**known, **more})


async def register(world: World, *files: NewFile) -> Registered | FilesRefused:
    use_case = RegisterFiles(world.unit_of_work, world.registry, world.clock)
    return await use_case.execute(RegisterFilesRequest(tenant=TENANT, files=files))


async def refusals(world: World, *files: NewFile) -> list[RefusedFile]:
    before = world.tables.copied()
    result = await register(world, *files)
    assert world.tables == before, "a refused batch changes nothing"
    assert isinstance(result, FilesRefused)
    return list(result.refused)


async def test_a_batch_is_registered_with_the_identity_of_each_copy():
    world = a_world()

    result = await register(world, new("c1"), new("c2"))

    assert result == Registered(2)
    assert [row.version for row in world.tables.locations.values()] == ["v1", "v2"]


async def test_registering_the_same_again_changes_nothing():
    world = a_world()
    await register(world, new())
    before = world.tables.copied()
    world.clock.advance(timedelta(days=1))

    assert await register(world, new(), new()) == Registered(2)

    assert world.tables == before


async def test_registering_the_same_again_leaves_a_suspicion():
    world = a_world()
    await register(world, new())
    key = (TENANT, "c1", "disk")
    world.tables.locations[key] = attrs.evolve(world.tables.locations[key], suspect_since=world.clock.now())

    await register(world, new())

    assert world.tables.locations[key].is_suspect


async def test_a_copy_with_new_bytes_is_registered_anew():
    world = a_world()
    await register(world, new())
    world.disk.put("/c1", DATA)
    key = (TENANT, "c1", "disk")
    world.tables.locations[key] = attrs.evolve(world.tables.locations[key], suspect_since=world.clock.now())

    await register(world, new())

    assert (world.tables.locations[key].version, world.tables.locations[key].is_suspect) == ("v3", False)


async def test_a_known_file_takes_its_new_name_and_keeps_its_date():
    world = a_world()
    await register(world, new())
    registered_at = world.clock.now()
    world.clock.advance(timedelta(days=1))

    await register(world, new(file_name="better.dat", data_type="QUICKLOOK_SD", width=4, height=3))

    file = world.tables.files[TENANT, "c1"]
    assert (file.file_name, file.data_type.value, file.width, file.height) == ("better.dat", "QUICKLOOK_SD", 4, 3)
    assert file.registered_at == registered_at


async def test_a_file_may_have_copies_on_several_storages():
    world = a_world()
    world.disk.put("/elsewhere", DATA)
    registry = world.registry
    registry.storages["mirror"] = world.disk
    use_case = RegisterFiles(world.unit_of_work, registry, world.clock)

    result = await use_case.execute(
        RegisterFilesRequest(tenant=TENANT, files=(new(), new(storage="mirror", url="/elsewhere")))
    )

    assert result == Registered(2)
    assert sorted(key[2] for key in world.tables.locations) == ["disk", "mirror"]


async def test_a_file_on_a_shelf_is_registered_without_a_check():
    world = a_world().holds(a_storage("shelf", storage_type=StorageType.OFFLINE))

    assert await register(world, new("c9", storage="shelf", url="box 7")) == Registered(1)

    assert world.tables.locations[TENANT, "c9", "shelf"].version is None


async def test_every_refused_file_is_named_with_its_reason():
    world = a_world()

    found = await refusals(
        world,
        new("c1"),
        new("c2", size_bytes=11),
        new("c3"),
        new("c1", storage="nowhere"),
        new("c1", url="/../etc/passwd"),
        new("c1", data_type="PICTURE"),
        new("c1", file_name=""),
    )

    assert [(item.index, item.code) for item in found] == [
        (1, "invalid-value"),
        (2, "copy-missing"),
        (3, "invalid-value"),
        (4, "location-refused"),
        (5, "invalid-value"),
        (6, "invalid-value"),
    ]
    assert found[0] == RefusedFile(
        index=1, checksum="c2", code="invalid-value", reason="The object has 10 bytes, not 11."
    )


@pytest.mark.parametrize("other", [{"size_bytes": 11}, {"algorithm": "SHA-256"}])
async def test_a_checksum_stands_for_one_size_and_algorithm(other):
    world = a_world()
    await register(world, new())

    (refused,) = await refusals(world, new(**other))

    assert refused.code == "already-exists"


async def test_a_batch_that_contradicts_itself_is_refused():
    world = a_world()
    world.disk.put("/again", DATA)

    result = await register(world, new(), new(url="/again"))

    assert isinstance(result, FilesRefused)
    assert result.is_conflict
    assert [item.index for item in await refusals(world, new(), new(algorithm="SHA-1"))] == [1]


async def test_the_spelling_of_an_algorithm_is_no_contradiction():
    world = a_world()
    await register(world, new())

    assert await register(world, new(algorithm="md5")) == Registered(1)


async def test_mixed_refusals_are_no_conflict():
    assert not FilesRefused(
        (
            RefusedFile(index=0, checksum="c", code="already-exists", reason=""),
            RefusedFile(index=1, checksum="c", code="invalid-value", reason=""),
        )
    ).is_conflict


async def test_a_storage_that_does_not_answer_refuses_no_file_but_the_request():
    world = a_world()
    world.disk.misbehave(Misbehaviour(unavailable=True), "/c2")

    with pytest.raises(StorageUnavailable):
        await register(world, new("c1"), new("c2"))


async def test_a_storage_whose_plugin_is_gone_refuses_the_request():
    world = a_world().holds(
        StorageLocation(tenant=TENANT, name="old", storage_type=StorageType.ONLINE, priority=2, plugin_id="Gone")
    )

    with pytest.raises(PluginUnusable):
        await register(world, new(storage="old"))


class Asleep(InMemoryStorage):
    """A storage that can look at nothing until it is restored, such as members of an archive on a tape."""

    async def check(self, url: str) -> CopyStatus:
        raise CopyNotRestored("The archive must be restored first.")


async def test_a_copy_that_can_only_be_looked_at_when_it_is_restored_is_taken_at_its_word():
    world = a_world()
    await register(world, new("c1"))
    use_case = RegisterFiles(world.unit_of_work, InMemoryStorageRegistry({"disk": Asleep()}), world.clock)

    result = await use_case.execute(RegisterFilesRequest(tenant=TENANT, files=(new("c1"), new("c2", size_bytes=7))))

    assert result == Registered(2)
    assert [row.version for row in world.tables.locations.values()] == ["v1", None]
    assert world.tables.files[TENANT, "c2"].size_bytes == 7


async def test_what_cannot_be_verified_on_a_storage_that_verifies_is_said():
    world = a_world()
    world.tables.storages[TENANT, "disk"] = a_storage(verify=True)

    result = await register(world, new(algorithm="WHIRLPOOL"))

    assert isinstance(result, Registered)
    (warning,) = result.warnings
    assert "1 on 'disk' cannot be verified" in warning
    assert "'WHIRLPOOL'" in warning
