"""A restored file whose copy is gone from the cache is answered at once like one that is not restored."""

from datetime import timedelta

import attrs
import pytest

from application.delivery.lost_copies import LostCopies
from application.errors import StorageUnavailable
from application.use_cases.check_cache import CheckCache
from application.use_cases.estimate_restoration import EstimateRestoration
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.errors import CopiesUnreachable, FileNotReadable, RestorationNeeded, RestorationRunning
from domain.restoration import RestorationState
from domain.storage_location import StorageType
from tests import factories
from tests.factories import TENANT
from tests.fakes.ids import SequentialIds
from tests.fakes.in_memory_cache import InMemoryCache
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork
from tests.spec.delivery.service import Service

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 4
URL = "memory:///cache/c1"


class UnreachableCache(InMemoryCache):
    """Its disk does not answer."""

    async def size_of(self, url: str) -> int | None:
        raise StorageUnavailable("The cache could not be used.")


class FullCache(InMemoryCache):
    """The copy is in its place."""

    async def size_of(self, url: str) -> int | None:
        return len(DATA)


class Archive(Service):
    """A file on tape whose restored copy is in the cache."""

    def __init__(self, cache: type[InMemoryCache] = InMemoryCache) -> None:
        super().__init__()
        self.cache = cache(self.clock)
        self.registry.storages["tape"] = InMemoryNearlineStorage(self.clock)
        self.add_file(DATA, "tape")
        with self.database.transaction() as tables:
            key = (TENANT, "tape")
            tables.tenants[TENANT] = self.clock.now()
            tables.storages[key] = attrs.evolve(tables.storages[key], storage_type=StorageType.NEARLINE)
            tables.cached_copies[TENANT, "c1"] = CachedCopy(
                tenant=TENANT,
                checksum="c1",
                storage=INTERNAL_CACHE,
                url=URL,
                size_bytes=len(DATA),
                published_at=self.clock.now(),
                expires_at=self.clock.now() + timedelta(hours=24),
            )
        self.storage(INTERNAL_CACHE).put(URL, DATA)
        self.open = attrs.evolve(
            self.open,
            lost_copies=LostCopies(self.unit, self.cache, self.clock),
            estimate_restoration=EstimateRestoration(self.unit, self.clock),
        )

    def unit(self) -> InMemoryUnitOfWork:
        return InMemoryUnitOfWork(self.database)

    async def wanted(self, hours: int) -> None:
        """A group has asked for the file, and was told that it is available."""
        request = RequestRestorationRequest(
            tenant=TENANT, group_id="g", checksums=("c1",), available_hours=hours, requested_by=None
        )
        await RequestRestoration(self.unit, self.clock, SequentialIds()).execute(request)

    def wipe(self, left: bytes | None = None) -> None:
        """Somebody empties the folder, or leaves something else in the place of the copy."""
        self.storage(INTERNAL_CACHE).remove(URL)
        if left is not None:
            self.storage(INTERNAL_CACHE).put(URL, left)

    @property
    def is_recorded(self) -> bool:
        return (TENANT, "c1") in self.database.tables.cached_copies


@pytest.mark.parametrize("left", [None, DATA[:100]], ids=["gone", "cut"])
async def test_a_lost_copy_is_to_be_restored_again_at_once_and_costs_nothing(left: bytes | None) -> None:
    archive = Archive()
    archive.wipe(left)

    with pytest.raises(RestorationNeeded):
        await archive.ask()
    with pytest.raises(RestorationNeeded):
        await archive.ask(is_head=True)

    assert not archive.is_recorded
    assert archive.database.tables.restorations == {}
    assert (archive.units_used(), archive.active()) == (0, 0)


async def test_what_a_group_counts_on_is_restored_again_for_the_rest_of_its_time() -> None:
    archive = Archive()
    await archive.wanted(hours=20)
    archive.wipe()
    archive.pass_time(hours=1, minutes=30)

    with pytest.raises(RestorationRunning):
        await archive.ask()
    with pytest.raises(RestorationRunning):
        await archive.ask(is_head=True)

    row = archive.database.tables.restorations[TENANT, "c1"]
    assert (row.state, row.storage, row.available_hours) == (RestorationState.REQUESTED, "tape", 19)


async def test_the_check_of_the_cache_does_the_same() -> None:
    archive = Archive()
    await archive.wanted(hours=20)
    archive.wipe()

    checked = await CheckCache(archive.unit, archive.cache, archive.clock).execute()

    assert (checked.removed_rows, archive.is_recorded) == (1, False)
    assert archive.database.tables.restorations[TENANT, "c1"].available_hours == 20


async def test_a_copy_that_the_tape_can_still_read_is_read_from_there() -> None:
    archive = Archive()
    tape = archive.registry.storages["tape"]
    assert isinstance(tape, InMemoryNearlineStorage)
    url = factories.a_location("c1", "tape").url
    await tape.restore(url, hours=1)
    tape.finish(url)
    archive.wipe()

    received = await archive.fetch()

    assert (received.data, received.is_complete, archive.is_recorded) == (DATA, True, False)


async def test_a_copy_that_was_published_again_meanwhile_is_not_lost() -> None:
    archive = Archive(FullCache)
    archive.wipe()

    with pytest.raises(CopiesUnreachable):
        await archive.ask()

    assert archive.is_recorded


async def test_a_cache_that_cannot_be_looked_at_has_lost_nothing() -> None:
    archive = Archive(UnreachableCache)
    archive.wipe()

    with pytest.raises(CopiesUnreachable):
        await archive.ask()

    assert archive.is_recorded


async def test_without_any_other_copy_nothing_can_be_asked_for() -> None:
    archive = Archive()
    archive.wipe()
    with archive.database.transaction() as tables:
        del tables.locations[TENANT, "c1", "tape"]

    with pytest.raises(FileNotReadable):
        await archive.ask()
