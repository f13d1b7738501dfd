"""Downloads that other instances deliver: who is asked, what is passed on, and what is said in other words."""

from datetime import timedelta

import attrs
import pytest

from application.delivery.remote_nearline import RemoteNearline
from application.delivery.rota import DownloadersCheck, Rota
from application.ports.downloaders import DownloaderUnavailable
from application.use_cases.download_answers import DownloadRequest
from application.use_cases.relay_download import RelayDownload
from domain.availability import MOST_CHECKSUMS, Availability, CopyAvailability
from domain.errors import NotFound, RestorationNeeded
from domain.preconditions import Conditions
from domain.rota import REST_SECONDS
from domain.selection import Copy
from domain.storage_location import StorageType
from tests.factories import ALICE, TENANT, a_location, a_storage
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_downloaders import InMemoryAnswer, InMemoryDownloader

pytestmark = pytest.mark.anyio

FIELD = ("content-disposition", 'attachment; filename="stored.dat"; size=7')


@attrs.define
class World:
    """Two instances, and the door in front of them."""

    clock: FixedClock = attrs.field(factory=FixedClock)
    downloader: InMemoryDownloader = attrs.field(factory=InMemoryDownloader)
    rota: Rota = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rota = Rota(("a", "b"), self.clock)

    def answering(self, **answers: InMemoryAnswer) -> "World":
        for instance, answer in answers.items():
            self.downloader.answers.setdefault(instance, []).append(answer)
        return self

    async def get(self, **more: object):
        request = DownloadRequest(account=ALICE, checksum="c1", conditions=Conditions(), **more)
        return await RelayDownload(downloader=self.downloader, rota=self.rota).execute(request)


def an_answer(*pieces: bytes | None, status: int = 200) -> InMemoryAnswer:
    return InMemoryAnswer(status, (FIELD,), list(pieces or (b"content",)))


async def test_instances_take_turns():
    world = World().answering(a=an_answer(), b=an_answer()).answering(a=an_answer())

    for _ in range(3):
        await world.get()

    assert world.downloader.asked == ["a", "b", "a"]


async def test_one_that_is_not_there_is_passed_over_and_then_asked_last_for_a_while():
    world = World().answering(b=an_answer()).answering(b=an_answer()).answering(b=an_answer())

    await world.get()
    await world.get()
    await world.get()
    assert world.downloader.asked == ["a", "b", "b", "b"]

    world.clock.advance(timedelta(seconds=REST_SECONDS))
    world.answering(a=an_answer(), b=an_answer())
    await world.get()
    await world.get()
    assert world.downloader.asked[4:] == ["b", "a"]
    assert world.rota.failures == 1


async def test_one_that_breaks_off_before_its_first_byte_is_passed_over_and_given_up():
    broken = an_answer(None)
    world = World().answering(a=broken, b=an_answer())

    relayed = await world.get()

    assert (relayed.status, relayed.first, broken.is_closed) == (200, b"content", True)


async def test_one_that_has_no_room_is_passed_over():
    full = an_answer(b"busy", status=503)
    world = World().answering(a=full, b=an_answer())

    relayed = await world.get()

    assert (relayed.status, full.is_closed) == (200, True)


async def test_when_all_say_that_they_cannot_the_last_of_them_is_passed_on():
    world = World().answering(a=an_answer(status=503), b=an_answer(b"later", status=503))

    relayed = await world.get()

    assert (relayed.status, relayed.first) == (503, b"later")
    assert world.downloader.asked == ["a", "b"]


async def test_without_any_instance_nobody_is_charged_and_it_is_said():
    world = World()

    with pytest.raises(DownloaderUnavailable):
        await world.get()

    assert world.downloader.asked == ["a", "b"]


async def test_a_refusal_is_passed_on_without_asking_another():
    world = World().answering(a=an_answer(b"too much", status=429))

    relayed = await world.get()

    assert (relayed.status, relayed.first, world.downloader.asked) == (429, b"too much", ["a"])


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, RestorationNeeded), (401, DownloaderUnavailable),
                                               (403, DownloaderUnavailable)])  # fmt: skip
async def test_what_the_front_door_says_itself_is_raised_and_the_answer_given_up(status, error):
    answer = an_answer(status=status)
    world = World().answering(a=answer)

    with pytest.raises(error):
        await world.get()

    assert answer.is_closed


async def test_a_ticket_that_opens_nothing_is_refused_in_the_downloaders_words():
    world = World().answering(a=an_answer(b"", status=403))

    relayed = await world.get(ticket_token="secret")

    assert relayed.status == 403
    assert world.downloader.wanted[0].ticket == "secret"
    assert "secret" not in repr(world.downloader.wanted[0])


async def test_the_file_has_the_name_that_the_catalogue_gives_it():
    world = World().answering(a=an_answer(), b=an_answer())

    named = await world.get(file_name="scène.dat", is_inline=True)
    unnamed = await world.get()

    assert named.fields == (
        ("content-disposition", "inline; filename=\"scene.dat\"; filename*=UTF-8''sc%C3%A8ne.dat; size=7"),
    )
    assert unnamed.fields == (FIELD,)


async def test_health_tells_how_many_are_missing_and_not_where_they_are():
    world = World().answering(a=an_answer())
    check = DownloadersCheck(world.downloader, world.rota)

    assert await check.problem() == "1 of 2 downloaders do not answer."
    world.answering(b=an_answer())
    assert await check.problem() is None


async def test_one_that_hangs_is_counted_and_hides_no_other():
    world = World().answering(a=an_answer(), b=an_answer())
    world.downloader.hanging.add("a")

    check = DownloadersCheck(world.downloader, world.rota, limit_seconds=0.02)

    assert await check.problem() == "1 of 2 downloaders do not answer."


async def test_the_instances_say_what_storages_say_in_questions_of_a_bounded_size():
    world = World()
    restored = CopyAvailability(state=Availability.AVAILABLE)
    names = [f"c{number}" for number in range(MOST_CHECKSUMS + 1)]
    world.downloader.known["b"] = {"c0": restored, f"c{MOST_CHECKSUMS}": restored}
    tape = a_storage("tape", storage_type=StorageType.NEARLINE)
    copies = [Copy(a_location(name, "tape"), tape) for name in names]

    answers = await RemoteNearline(world.downloader, world.rota).answers([*copies, copies[0]])

    assert [answers(copy).state for copy in (copies[0], copies[1], copies[-1])] == [
        Availability.AVAILABLE,
        Availability.ERROR,
        Availability.AVAILABLE,
    ]
    asked = [question for question in world.downloader.asked if question.startswith("b ")]
    assert [len(question.split()) - 2 for question in asked] == [MOST_CHECKSUMS, 1]
    assert all(question.split()[1] == TENANT for question in asked)
