"""Downloads of files that sleep: GET and HEAD agree, and nothing is charged for what cannot be read."""

import attrs
import pytest

from application.errors import StorageUnavailable
from application.use_cases.download_answers import Described
from domain.cool_down import after_failure
from domain.errors import CopiesUnreachable, RestorationNeeded
from domain.storage_location import StorageType
from tests import factories
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import Misbehaviour
from tests.spec.delivery.service import Service

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 4
URL = factories.a_location("c1", "tape").url


class Archive(Service):
    """One file on a tape."""

    def __init__(self) -> None:
        super().__init__()
        self.tape = InMemoryNearlineStorage(self.clock)
        self.registry.storages["tape"] = self.tape
        self.add_file(DATA, "tape")
        with self.database.transaction() as tables:
            key = (factories.TENANT, "tape")
            tables.storages[key] = attrs.evolve(tables.storages[key], storage_type=StorageType.NEARLINE)

    async def restore(self) -> None:
        await self.tape.restore(URL, hours=1)
        self.tape.finish(URL)


async def test_a_restored_file_is_downloaded_and_described() -> None:
    archive = Archive()
    await archive.restore()

    received, described = await archive.fetch(), await archive.ask(is_head=True)

    assert (received.data, received.is_complete) == (DATA, True)
    assert isinstance(described, Described)
    assert archive.units_used() == 1
    assert len(archive.tape.questions) == 1


@pytest.mark.parametrize("is_head", [False, True])
async def test_a_file_that_sleeps_or_is_being_restored_costs_nothing(is_head: bool) -> None:
    archive = Archive()
    for _ in range(2):
        with pytest.raises(RestorationNeeded):
            await archive.ask(is_head=is_head)
        archive.pass_time(minutes=1)
        await archive.tape.restore(URL, hours=1)

    assert archive.units_used() == 0


async def test_a_file_that_fell_asleep_since_its_storage_was_asked_is_to_be_restored_for_get_and_head_alike() -> None:
    archive = Archive()
    await archive.restore()
    await archive.ask(is_head=True)
    archive.tape.expire(URL)

    with pytest.raises(RestorationNeeded):
        await archive.ask()
    with pytest.raises(RestorationNeeded):
        await archive.ask(is_head=True)

    assert (archive.units_used(), archive.active()) == (0, 0)


async def test_another_copy_that_is_only_down_makes_it_worth_to_come_again() -> None:
    archive = Archive()
    await archive.restore()
    await archive.ask(is_head=True)
    archive.tape.expire(URL)
    with archive.database.transaction() as tables:
        location = factories.a_location("c1", "disk", version=None)
        tables.locations[factories.TENANT, "c1", "disk"] = location
        tables.storages[factories.TENANT, "disk"] = factories.a_storage("disk", priority=1)
    archive.storage("disk").misbehave(Misbehaviour(unavailable=True))

    with pytest.raises(CopiesUnreachable):
        await archive.ask()


async def test_a_storage_that_does_not_answer_is_no_reason_to_ask_for_a_restoration() -> None:
    archive = Archive()
    archive.tape.fails = StorageUnavailable("The robot is stuck.")

    for is_head in (False, True):
        with pytest.raises(CopiesUnreachable):
            await archive.ask(is_head=is_head)

    assert archive.units_used() == 0


async def test_neither_is_a_storage_that_is_left_alone_since_it_failed() -> None:
    archive = Archive()
    with archive.database.transaction() as tables:
        tables.cooling[factories.TENANT, "tape"] = after_failure(
            None, tenant=factories.TENANT, storage="tape", reason="stuck", now=archive.clock.now()
        )

    for is_head in (False, True):
        with pytest.raises(CopiesUnreachable):
            await archive.ask(is_head=is_head)
    archive.pass_time(minutes=1)
    with pytest.raises(RestorationNeeded):
        await archive.ask()

    assert len(archive.tape.questions) == 1
