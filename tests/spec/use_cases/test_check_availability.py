"""Asking which files can be read now."""

from datetime import timedelta

import attrs
import pytest

from application.delivery.nearline import Nearline
from application.errors import DatabaseUnavailable, StorageUnavailable
from application.use_cases.check_availability import CheckAvailability, CheckAvailabilityRequest
from domain.availability import Availability
from domain.cached_copy import INTERNAL_CACHE, CachedCopy
from domain.errors import InvalidValue
from domain.storage_location import StorageType
from tests.factories import NOW, TENANT, a_file, a_location, a_storage
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorageRegistry
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@attrs.define
class Archive:
    """Files on tapes, and somebody who asks about them."""

    world: World = attrs.field(factory=World)
    tapes: dict[str, InMemoryNearlineStorage] = attrs.field(factory=dict)

    def on_tape(self, checksum: str, tape: str = "tape", *, restored: bool = False) -> "Archive":
        storage = self.tapes.setdefault(tape, InMemoryNearlineStorage(self.world.clock))
        location = a_location(checksum, tape)
        storage.put(location.url, b"data")
        where = a_storage(tape, storage_type=StorageType.NEARLINE, priority=list(self.tapes).index(tape))
        self.world.holds(where, a_file(checksum), location)
        return self

    async def ask(self, *checksums: str, tenant: str = TENANT) -> dict[str, tuple[Availability, object]]:
        registry = InMemoryStorageRegistry({"disk": self.world.disk, **self.tapes})
        use_case = CheckAvailability(
            self.world.unit_of_work, Nearline(registry, self.world.clock, 30.0), self.world.clock
        )
        answers = await use_case.execute(CheckAvailabilityRequest(tenant=tenant, checksums=checksums))
        return {answer.checksum: (answer.availability.state, answer.availability.until) for answer in answers}

    async def restore(self, checksum: str, tape: str = "tape") -> None:
        url = a_location(checksum, tape).url
        await self.tapes[tape].restore(url, hours=1)
        self.tapes[tape].finish(url)


async def test_each_known_file_has_one_answer_in_the_order_of_the_request():
    archive = Archive().on_tape("sleeping").on_tape("restored")
    archive.world.with_one_file()
    await archive.restore("restored")

    answers = await archive.ask("sleeping", "c1", "unknown", "restored", "c1")

    assert list(answers.items()) == [
        ("sleeping", (Availability.UNAVAILABLE, None)),
        ("c1", (Availability.AVAILABLE, None)),
        ("restored", (Availability.AVAILABLE, NOW + HOUR)),
    ]


async def test_each_storage_is_asked_once_with_a_list_and_only_where_it_matters():
    archive = Archive()
    for i in range(100):
        archive.on_tape(f"c{i}", f"tape-{i % 2}")
    archive.world.holds(a_storage(), a_location("c0"))

    await archive.ask(*(f"c{i}" for i in range(100)))

    assert [[len(question) for question in tape.questions] for tape in archive.tapes.values()] == [[49], [50]]


async def test_a_broken_storage_spoils_only_its_own_files():
    archive = Archive().on_tape("lost", "robot").on_tape("found").on_tape("both", "robot").on_tape("both")
    archive.tapes["robot"].fails = StorageUnavailable("The robot is stuck.")
    await archive.restore("found")
    await archive.restore("both")

    answers = await archive.ask("lost", "found", "both")

    assert [answers[checksum][0] for checksum in ("lost", "found", "both")] == [
        Availability.ERROR,
        Availability.AVAILABLE,
        Availability.AVAILABLE,
    ]


@pytest.mark.parametrize(
    ("expires_at", "answer"),
    [(NOW + HOUR, (Availability.AVAILABLE, NOW + HOUR)), (NOW, (Availability.UNAVAILABLE, None))],
)
async def test_a_cached_copy_answers_until_it_expires(expires_at, answer):
    archive = Archive().on_tape("c1")
    archive.world.tables.cached_copies[TENANT, "c1"] = CachedCopy(
        tenant=TENANT,
        checksum="c1",
        storage=INTERNAL_CACHE,
        url="file:///cache/c1",
        size_bytes=4,
        published_at=NOW - HOUR,
        expires_at=expires_at,
    )

    assert (await archive.ask("c1"))["c1"] == answer


async def test_a_file_on_the_web_has_no_answer_and_one_on_an_unknown_storage_is_not_available():
    archive = Archive()
    archive.world.holds(a_file("w"), a_location("w", "web"), a_file("u"), a_location("u", "unknown"))

    assert await archive.ask("w", "u") == {"u": (Availability.UNAVAILABLE, None)}


async def test_files_of_other_tenants_and_what_no_file_is_called_have_no_answer():
    archive = Archive().on_tape("c1")

    assert await archive.ask("c1", tenant="other") == {}
    assert await archive.ask("", "a\x00b", "\ud800") == {}


async def test_too_many_files_are_refused_before_anybody_is_asked():
    archive = Archive().on_tape("c1")

    with pytest.raises(InvalidValue):
        await archive.ask(*(f"c{i}" for i in range(101)))

    assert archive.tapes["tape"].questions == []


async def test_a_database_that_is_down_is_said():
    archive = Archive().on_tape("c1")
    archive.world.database.is_down = True

    with pytest.raises(DatabaseUnavailable):
        await archive.ask("c1")
