"""Restorations step by step: who is answered when, what waits, what fails, and what a crash leaves."""

from datetime import timedelta

import anyio
import attrs
import pytest

from application.errors import StorageUnavailable
from domain.cached_copy import INTERNAL_CACHE
from domain.errors import AlreadyExists
from domain.restoration import MOST_ATTEMPTS, RestorationState
from tests.factories import SIZE, TENANT, a_location
from tests.fakes.in_memory_storage import Misbehaviour
from tests.spec.use_cases.restoration_archive import HOUR, Archive

pytestmark = pytest.mark.anyio


async def test_a_file_on_tape_is_asked_for_once_copied_and_told_of():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1", hours=48)
    await archive.ask("c1", group="h", hours=2)

    await archive.round()
    await archive.round()
    assert await archive.states() == {"c1": "RESTORING"}
    archive.finish("c1")
    await archive.round()

    assert (await archive.states(), await archive.states("h")) == ({"c1": "AVAILABLE"}, {"c1": "AVAILABLE"})
    assert [hours for _, hours in archive.tape.restored] == [48]
    copy = archive.world.tables.cached_copies[TENANT, "c1"]
    assert copy.storage == INTERNAL_CACHE
    assert copy.expires_at == copy.published_at + 48 * HOUR
    assert await archive.cache.size_of(copy.url) == SIZE
    assert archive.world.events.count("FileAvailabilityKnown") == 1
    assert archive.world.events.count("RestorationGroupEnded") == 2


async def test_what_a_storage_keeps_readable_takes_no_room():
    archive = Archive()
    archive.has("c1", "vault")
    archive.world.tables.settings[TENANT, "cacheMaxSize"] = 1
    archive.has("c2", "vault", size=5000)
    await archive.ask("c1", "c2")

    await archive.round()
    for checksum in ("c1", "c2"):
        archive.finish(checksum, "vault")
    await archive.round()

    assert await archive.states() == {"c1": "AVAILABLE", "c2": "AVAILABLE"}
    assert archive.cache.most_bytes == 0
    assert archive.world.tables.cached_copies[TENANT, "c2"].storage == "vault"


async def test_a_file_that_is_online_as_well_is_available_without_an_end():
    archive = Archive()
    archive.has("c1")
    archive.world.holds(a_location("c1", "disk"))

    await archive.ask("c1")

    (file,) = (await archive.group()).files
    assert (file.state, file.available_until) == ("AVAILABLE", None)


async def test_what_does_not_fit_waits_and_what_can_never_fit_fails():
    archive = Archive()
    archive.world.tables.settings[TENANT, "cacheMaxSize"] = 1
    for checksum, size in (("c1", 1000), ("c2", 500), ("c3", 1025)):
        archive.has(checksum, size=size)
        await archive.ask(checksum, group=checksum, hours=1)
        archive.clock.advance(timedelta(seconds=1))

    await archive.round()
    archive.finish("c1")
    await archive.round()

    assert await archive.states("c1") == {"c1": "AVAILABLE"}
    assert await archive.states("c2") == {"c2": "REQUESTED"}
    (failed,) = (await archive.group("c3")).files
    assert (failed.state, failed.reason) == (
        "FAILED",
        "The file has 1025 bytes, and the cache of the tenant may hold 1024 in all.",
    )
    archive.clock.advance(2 * HOUR)
    await archive.round()
    archive.finish("c2")
    await archive.round()
    assert await archive.states("c2") == {"c2": "AVAILABLE"}
    assert archive.cache.most_bytes <= 1024


async def test_nothing_small_overtakes_a_large_file_that_waits_for_room():
    archive = Archive()
    archive.world.tables.settings[TENANT, "cacheMaxSize"] = 1
    for checksum, size in (("first", 600), ("large", 1000), ("small", 100)):
        archive.has(checksum, size=size)
        await archive.ask(checksum, group=checksum, hours=1)
        archive.clock.advance(timedelta(seconds=1))

    await archive.round()

    assert await archive.states("first") == {"first": "RESTORING"}
    assert await archive.states("small") == {"small": "REQUESTED"}


async def test_a_storage_that_fails_is_asked_again_a_few_times():
    archive = Archive()
    archive.has("c1")
    archive.tape.misbehave(Misbehaviour(unavailable=True), a_location("c1", "tape").url)
    await archive.ask("c1")

    for _ in range(MOST_ATTEMPTS):
        assert await archive.states() != {"c1": "FAILED"}
        await archive.round()
        archive.clock.advance(HOUR)

    (file,) = (await archive.group()).files
    assert (file.state, file.reason) == ("FAILED", "The storage does not answer.")
    assert len(archive.tape.restored) == MOST_ATTEMPTS


async def test_a_plugin_that_fails_in_its_own_way_holds_up_nobody_else():
    archive = Archive()
    archive.has("c1")
    archive.has("c2", "vault")
    archive.tape.fails = RuntimeError("The driver is not loaded.")
    await archive.ask("c1", "c2")

    await archive.round()
    archive.finish("c2", "vault")
    await archive.round()

    assert await archive.states() == {"c1": "RESTORING", "c2": "AVAILABLE"}
    archive.clock.advance(25 * HOUR)
    await archive.round()
    assert (await archive.group()).files[0].reason is not None


@pytest.mark.parametrize(
    "fault", [{"fails_at": 0}, {"empty_at": 0}, {"overlong_at": 0}], ids=["raises", "nothing", "too much"]
)
async def test_what_a_plugin_reads_wrongly_is_copied_later(fault):
    archive = Archive()
    archive.has("c1")
    url = a_location("c1", "tape").url
    archive.tape.misbehave(Misbehaviour(**fault), url)
    await archive.ask("c1")
    await archive.round()
    archive.finish("c1")

    await archive.round()
    assert await archive.states() != {"c1": "AVAILABLE"}
    archive.tape.misbehave(Misbehaviour(), url)
    for _ in range(2):
        archive.clock.advance(HOUR)
        await archive.round()

    assert await archive.states() == {"c1": "AVAILABLE"}


async def test_an_object_that_is_missing_fails_at_once():
    archive = Archive()
    archive.has("c1")
    archive.tape.misbehave(Misbehaviour(missing=True), a_location("c1", "tape").url)
    await archive.ask("c1")

    await archive.round()

    assert await archive.states() == {"c1": "FAILED"}


async def test_a_storage_that_cannot_say_anything_spoils_nothing_until_the_time_is_up():
    archive = Archive()
    archive.has("c1")
    archive.tape.fails = StorageUnavailable("The library is being serviced.")
    await archive.ask("c1")

    await archive.round()
    await archive.round()
    assert archive.tape.restored == []
    archive.tape.fails = None
    await archive.round()
    archive.finish("c1")
    await archive.round()

    assert await archive.states() == {"c1": "AVAILABLE"}


async def test_a_restoration_without_progress_is_given_up_but_not_asked_for_while_it_goes_on():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1")

    for _ in range(MOST_ATTEMPTS):
        await archive.round()
        archive.clock.advance(25 * HOUR)
        await archive.round()
        archive.clock.advance(HOUR)

    (file,) = (await archive.group()).files
    assert (file.state, file.reason) == ("FAILED", "The storage made no progress for too long.")
    assert len(archive.tape.restored) == 1


async def test_bytes_that_cannot_be_read_are_tried_again_without_asking_the_tape_again():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1")
    await archive.round()
    archive.finish("c1")
    archive.tape.misbehave(Misbehaviour(dies_after=10), a_location("c1", "tape").url)
    await archive.round()
    assert await archive.states() == {"c1": "REQUESTED"}
    assert archive.world.tables.restorations[TENANT, "c1"].reserved_bytes == 0

    archive.tape.behave()
    archive.clock.advance(HOUR)
    await archive.round()

    assert await archive.states() == {"c1": "AVAILABLE"}
    assert len(archive.tape.restored) == 1
    assert archive.tape.open_sources == []


async def test_a_cancelled_copy_is_not_published():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1")
    await archive.round()
    archive.finish("c1")
    script = archive.tape.misbehave(Misbehaviour(stalls_at=10), a_location("c1", "tape").url)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(archive.round)
        while not archive.tape.sources:
            await anyio.lowlevel.checkpoint()
        row = archive.world.tables.restorations[TENANT, "c1"]
        archive.world.tables.restorations[TENANT, "c1"] = row.cancelled(archive.clock.now())
        script.released.set()

    assert archive.world.tables.restorations[TENANT, "c1"].state is RestorationState.CANCELLED
    assert (archive.cache.entries, archive.world.tables.cached_copies) == ({}, {})


async def test_a_file_that_is_gone_meanwhile_fails_in_the_end():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1")
    del archive.world.tables.files[TENANT, "c1"]

    await archive.round()

    assert await archive.states() == {"c1": "FAILED"}


async def test_a_storage_that_is_switched_off_is_waited_for():
    archive = Archive()
    archive.has("c1")
    await archive.ask("c1")
    tape = archive.world.tables.storages[TENANT, "tape"]
    archive.world.holds(attrs.evolve(tape, active=False))
    await archive.round()
    assert await archive.states() == {"c1": "REQUESTED"}

    archive.world.holds(tape)
    archive.clock.advance(HOUR)
    await archive.round()

    assert await archive.states() == {"c1": "RESTORING"}


async def test_a_group_of_other_files_under_the_same_name_is_refused():
    archive = Archive()
    archive.has("c1")
    archive.has("c2")
    await archive.ask("c1")

    with pytest.raises(AlreadyExists):
        await archive.ask("c1", "c2")

    assert await archive.states() == {"c1": "REQUESTED"}


async def test_a_group_of_no_files_has_ended():
    archive = Archive()

    await archive.ask()

    assert (await archive.group()).state == "SUCCESS"
    assert archive.world.events == ["RestorationGroupGranted", "RestorationGroupEnded"]
