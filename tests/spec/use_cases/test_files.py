"""Reading records of files, removing and verifying copies."""

import hashlib

import attrs
import pytest

from application.errors import StorageUnavailable
from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.read_file import ReadFile, ReadFileRequest
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.verify_copy import VerifyCopy, VerifyCopyRequest, VerifyCopyResult
from domain.errors import FileNotReadable, InvalidValue, NotFound
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_file, a_location, a_storage
from tests.fakes.in_memory_storage import Misbehaviour
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

DATA = b"the bytes of a product"
CHECKSUM = hashlib.md5(DATA).hexdigest()
URL = f"memory:///disk/{CHECKSUM}"
KEY = (TENANT, CHECKSUM, "disk")


def a_world(*, is_suspect: bool = False) -> World:
    world = World()
    version = world.disk.put(URL, DATA)
    return world.holds(
        a_storage(),
        a_file(CHECKSUM, size=len(DATA)),
        a_location(CHECKSUM, version=version, suspect_since=NOW if is_suspect else None),
    )


async def verify(world: World, checksum: str = CHECKSUM, storage: str = "disk") -> VerifyCopyResult:
    use_case = VerifyCopy(world.unit_of_work, world.registry, world.clock)
    return await use_case.execute(VerifyCopyRequest(tenant=TENANT, checksum=checksum, storage=storage))


async def remove(world: World, checksum: str, storage: str) -> None:
    request = RemoveFileLocationRequest(tenant=TENANT, checksum=checksum, storage=storage)
    await RemoveFileLocation(world.unit_of_work).execute(request)


async def test_a_file_is_read_with_all_its_copies():
    world = World().holds(a_storage(), a_file(), a_location(), a_location(storage="mirror"))

    found = await ReadFile(world.unit_of_work).execute(ReadFileRequest(tenant=TENANT, checksum="c1"))

    assert [copy.location.storage for copy in found.copies] == ["disk", "mirror"]


async def test_a_file_of_another_tenant_does_not_exist():
    world = World().with_one_file()

    with pytest.raises(NotFound):
        await ReadFile(world.unit_of_work).execute(ReadFileRequest(tenant="other", checksum="c1"))


async def test_files_are_listed_page_by_page():
    world = World().holds(*(a_file(f"c{i}") for i in range(3)), *(a_location(f"c{i}") for i in range(3)))
    listing = ListFiles(world.unit_of_work)

    first = await listing.execute(ListFilesRequest(tenant=TENANT, limit=2, storage="disk"))
    second = await listing.execute(ListFilesRequest(tenant=TENANT, limit=2, after=first.next_after))

    assert [found.file.checksum for page in (first, second) for found in page.files] == ["c0", "c1", "c2"]
    assert second.next_after is None


async def test_a_file_goes_with_its_last_copy():
    world = World().holds(a_file(), a_location(), a_location(storage="mirror"))

    await remove(world, "c1", "disk")
    assert (TENANT, "c1") in world.tables.files

    await remove(world, "c1", "mirror")
    assert world.tables.files == {}


async def test_a_copy_that_does_not_exist_cannot_be_removed():
    with pytest.raises(NotFound):
        await remove(World().with_one_file(), "c1", "mirror")


async def test_right_bytes_clear_a_suspicion_and_that_is_told():
    world = a_world(is_suspect=True)

    assert await verify(world) == VerifyCopyResult(is_right=True, reason=None)

    assert not world.tables.locations[KEY].is_suspect
    assert world.events == ["FileLocationCleared"]
    assert world.disk.open_sources == []


async def test_right_bytes_without_a_suspicion_change_nothing_but_when_they_were_verified():
    world = a_world()
    before = world.tables.copied()

    assert (await verify(world)).is_right

    assert world.tables.locations[KEY].verified_at == world.clock.now()
    before.locations[KEY] = attrs.evolve(before.locations[KEY], verified_at=world.clock.now())
    assert world.tables == before


async def test_right_bytes_under_a_new_identity_become_the_registered_copy():
    world = a_world()
    world.disk.put(URL, DATA)

    assert (await verify(world)).is_right

    assert world.tables.locations[KEY].version == "v2"
    assert world.events == []


@pytest.mark.parametrize(
    "what_is_wrong",
    [
        Misbehaviour(corrupt_at=3),
        Misbehaviour(changes_at=5),
        Misbehaviour(missing=True),
    ],
    ids=["corrupt", "changed", "missing"],
)
async def test_a_wrong_copy_is_marked_once(what_is_wrong):
    world = a_world()
    world.disk.misbehave(what_is_wrong)

    result = await verify(world)
    await verify(world)

    assert not result.is_right
    assert world.tables.locations[KEY].suspect_reason == result.reason
    assert world.events == ["FileLocationSuspected"]
    assert world.disk.open_sources == []


async def test_a_copy_of_another_size_is_marked():
    world = a_world()
    world.disk.put(URL, DATA + b"!")

    assert not (await verify(world)).is_right

    assert world.tables.locations[KEY].is_suspect


async def test_a_storage_that_does_not_answer_proves_nothing():
    world = a_world(is_suspect=True)
    world.disk.misbehave(Misbehaviour(dies_after=4))
    before = world.tables.copied()

    with pytest.raises(StorageUnavailable):
        await verify(world)

    assert world.tables == before
    assert world.disk.open_sources == []


async def test_a_checksum_that_cannot_be_computed_here_is_told():
    world = a_world()
    world.holds(attrs.evolve(world.tables.files[TENANT, CHECKSUM], algorithm="WHIRLPOOL"))

    with pytest.raises(InvalidValue):
        await verify(world)


@pytest.mark.parametrize(("checksum", "storage"), [("unknown", "disk"), (CHECKSUM, "mirror")])
async def test_a_copy_that_does_not_exist_cannot_be_verified(checksum, storage):
    with pytest.raises(NotFound):
        await verify(a_world(), checksum, storage)


async def test_a_copy_on_a_shelf_cannot_be_verified():
    world = a_world().holds(
        a_storage("shelf", storage_type=StorageType.OFFLINE),
        a_location(CHECKSUM, storage="shelf"),
        a_location(CHECKSUM, storage="forgotten"),
    )

    for storage in ("shelf", "forgotten"):
        with pytest.raises(FileNotReadable):
            await verify(world, storage=storage)
