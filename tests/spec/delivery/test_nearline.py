"""Nearline storages are asked once for many copies, believed for a while, and spoil only their own files."""

import asyncio

import anyio
import attrs
import pytest

from application.delivery.nearline import ANSWER_SECONDS, Nearline
from application.delivery.questions import AT_ONE_STORAGE, ERROR_SECONDS, MOST_TOGETHER
from application.errors import StorageUnavailable
from domain.availability import Availability, CopyAvailability
from domain.errors import CopiesUnreachable
from domain.selection import Copy
from domain.storage_location import StorageType
from tests import factories
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry
from tests.spec.delivery.service import Service, until

pytestmark = pytest.mark.anyio

A_MOMENT = 0.02
"""The time limit of tests in which a storage hangs; nothing is asserted of how long anything took."""


class World:
    """Nearline storages and somebody who asks them."""

    def __init__(self, *, asked_seconds: float = 30.0) -> None:
        self.service = Service()
        self.clock = self.service.clock
        self.registry = InMemoryStorageRegistry()
        self.nearline = Nearline(self.registry, self.clock, asked_seconds)
        self.tape = self.storage("tape")

    def storage(self, name: str) -> InMemoryNearlineStorage:
        storage = InMemoryNearlineStorage(self.clock)
        self.registry.storages[name] = storage
        return storage

    def copy(self, checksum: str = "c1", storage: str = "tape", *, priority: int = 0) -> Copy:
        location = factories.a_location(checksum, storage)
        self.registry.storages[storage].put(location.url, b"data")
        where = factories.a_storage(storage, storage_type=StorageType.NEARLINE, priority=priority)
        return Copy(location, where)

    async def restore(self, copy: Copy) -> None:
        storage = self.registry.storages[copy.location.storage]
        assert isinstance(storage, InMemoryNearlineStorage)
        await storage.restore(copy.location.url, hours=1)
        storage.finish(copy.location.url)

    async def state(self, copy: Copy) -> Availability:
        answer = (await self.nearline.answers([copy]))(copy)
        assert answer is not None
        return answer.state


@pytest.fixture
def world() -> World:
    return World()


async def test_what_is_restored_is_readable_and_what_sleeps_is_not(world: World) -> None:
    sleeping, restored = world.copy("c1"), world.copy("c2")
    await world.restore(restored)

    assert await world.nearline.readable_now([sleeping]) == ()
    assert await world.nearline.readable_now([restored]) == (restored,)


async def test_readable_copies_come_in_order_of_choice(world: World) -> None:
    world.storage("far")
    far, near = world.copy(storage="far", priority=1), world.copy(priority=0)
    for copy in (far, near):
        await world.restore(copy)

    assert await world.nearline.readable_now([far, near]) == (near, far)


async def test_many_copies_are_one_question_to_each_storage(world: World) -> None:
    disk_robot = world.storage("robot")
    copies = [world.copy(f"c{i}", storage) for storage in ("tape", "robot") for i in range(40)]

    await world.nearline.answers(copies)

    assert [len(question) for question in (*world.tape.questions, *disk_robot.questions)] == [40, 40]


async def test_requests_that_arrive_together_share_a_question(world: World) -> None:
    copies = [world.copy(f"c{i}") for i in range(20)]

    await asyncio.gather(*(world.nearline.readable_now([copy]) for copy in copies * 2))

    assert [len(question) for question in world.tape.questions] == [20]


async def test_no_question_has_more_copies_than_the_limit(world: World) -> None:
    copies = [world.copy(f"c{i}") for i in range(2 * MOST_TOGETHER + 1)]

    answers = await world.nearline.answers(copies)

    assert {answer.state for copy in copies if (answer := answers(copy))} == {Availability.UNAVAILABLE}
    assert sorted(len(question) for question in world.tape.questions) == [1, MOST_TOGETHER, MOST_TOGETHER]


async def test_a_storage_has_few_questions_at_a_time_and_the_rest_waits_together(world: World) -> None:
    world.tape.hangs = anyio.Event()
    async with anyio.create_task_group() as group:
        for i in range(AT_ONE_STORAGE + 30):
            group.start_soon(world.nearline.answers, [world.copy(f"c{i}")])
            await until(lambda number=i: len(world.tape.questions) >= min(number + 1, AT_ONE_STORAGE))
        asked = [len(question) for question in world.tape.questions]
        world.tape.hangs.set()

    assert asked == [1] * AT_ONE_STORAGE
    assert [len(question) for question in world.tape.questions] == [*asked, 30]


async def test_who_asks_what_is_being_asked_waits_for_the_same_answer(world: World) -> None:
    copy = world.copy()
    world.tape.hangs = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(world.nearline.answers, [copy])
        await until(lambda: len(world.tape.questions) == 1)
        group.start_soon(world.nearline.answers, [copy])
        await anyio.lowlevel.checkpoint()
        world.tape.hangs.set()

    assert len(world.tape.questions) == 1


async def test_one_who_leaves_takes_no_answer_from_others(world: World) -> None:
    copy = world.copy()
    world.tape.hangs = anyio.Event()
    leaving = asyncio.create_task(world.nearline.answers([copy]))
    staying = asyncio.create_task(world.nearline.answers([copy]))
    await until(lambda: len(world.tape.questions) == 1)
    leaving.cancel()
    await asyncio.wait([leaving])
    world.tape.hangs.set()

    answer = (await staying)(copy)

    assert leaving.cancelled()
    assert answer is not None
    assert answer.state is Availability.UNAVAILABLE


async def test_an_answer_is_believed_for_a_while(world: World) -> None:
    copy = world.copy()
    await world.state(copy)
    await world.restore(copy)

    world.service.pass_time(seconds=ANSWER_SECONDS - 0.1)
    before = await world.state(copy)
    world.service.pass_time(seconds=0.1)

    assert (before, await world.state(copy)) == (Availability.UNAVAILABLE, Availability.AVAILABLE)


async def test_an_answer_that_proved_wrong_is_forgotten(world: World) -> None:
    copy = world.copy()
    await world.restore(copy)
    await world.state(copy)
    world.tape.expire(copy.location.url)

    world.nearline.forget(copy)

    assert await world.state(copy) is Availability.UNAVAILABLE


async def test_a_storage_that_failed_is_left_alone_for_a_moment_only(world: World) -> None:
    first, second = world.copy("c1"), world.copy("c2")
    world.tape.fails = StorageUnavailable("The robot is stuck.")

    answer = (await world.nearline.answers([first]))(first)
    world.tape.fails = None
    soon = await world.state(second)
    world.service.pass_time(seconds=ERROR_SECONDS)

    assert answer == CopyAvailability(state=Availability.ERROR, message="The robot is stuck.")
    assert soon is Availability.ERROR
    assert len(world.tape.questions) == 1
    assert await world.state(second) is Availability.UNAVAILABLE
    assert await world.state(first) is Availability.UNAVAILABLE


async def test_a_copy_of_which_nothing_could_be_said_is_asked_about_again_in_a_moment(world: World) -> None:
    copy, other = world.copy("c1"), world.copy("c2")
    world.tape.says[copy.location.url] = lambda: CopyAvailability(state=Availability.ERROR)

    states = [await world.state(copy), await world.state(copy), await world.state(other)]
    world.service.pass_time(seconds=ERROR_SECONDS)
    world.tape.says.clear()

    assert states == [Availability.ERROR, Availability.ERROR, Availability.UNAVAILABLE]
    assert len(world.tape.questions) == 2
    assert await world.state(copy) is Availability.UNAVAILABLE


async def test_a_broken_storage_spoils_only_its_own_copies(world: World) -> None:
    world.storage("robot").fails = RuntimeError("a mistake in the plugin")
    broken, healthy = world.copy("c1", "robot"), world.copy("c2")

    answers = await world.nearline.answers([broken, healthy])

    assert answers(broken) == CopyAvailability(
        state=Availability.ERROR, message="The storage's plugin failed (RuntimeError)."
    )
    assert answers(healthy) == CopyAvailability(state=Availability.UNAVAILABLE)


async def test_a_storage_that_hangs_is_an_error_for_its_own_copies() -> None:
    world = World(asked_seconds=A_MOMENT)
    world.storage("robot").hangs = anyio.Event()
    hanging, healthy = world.copy("c1", "robot"), world.copy("c2")

    answers = await world.nearline.answers([hanging, healthy])

    assert answers(hanging) == CopyAvailability(state=Availability.ERROR, message="The storage did not answer in time.")
    assert answers(healthy) == CopyAvailability(state=Availability.UNAVAILABLE)


async def test_a_copy_that_is_not_mentioned_in_the_answer_is_an_error(world: World) -> None:
    class Forgetful(InMemoryNearlineStorage):
        async def availability(self, urls: object) -> dict[str, CopyAvailability]:
            del urls
            return {}

    world.registry.storages["tape"] = Forgetful(world.clock)

    assert await world.state(world.copy()) is Availability.ERROR


async def test_a_storage_that_cannot_restore_has_nothing_available(world: World) -> None:
    world.registry.storages["shelf"] = InMemoryStorage()

    assert await world.state(world.copy(storage="shelf")) is Availability.UNAVAILABLE


async def test_a_plugin_that_is_missing_is_an_error(world: World) -> None:
    copy = world.copy()
    assert copy.storage is not None
    lost = attrs.evolve(copy, storage=attrs.evolve(copy.storage, plugin_id="Lost"))

    assert await world.state(lost) is Availability.ERROR


async def test_no_answer_is_not_a_no(world: World) -> None:
    copy, restored = world.copy(), world.copy(storage="tape")
    world.tape.fails = StorageUnavailable("The robot is stuck.")

    with pytest.raises(CopiesUnreachable):
        await world.nearline.readable_now([copy])

    other = world.storage("robot")
    restored = world.copy(storage="robot")
    await world.restore(restored)
    assert await world.nearline.readable_now([copy, restored]) == (restored,)
    assert len(other.questions) == 1
