"""Which bytes come next, from which copy, and how it ended."""

import hashlib

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.errors import StorageUnavailable
from domain.errors import CopiesUnreachable
from domain.storage_location import StorageType
from tests import factories
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import Misbehaviour
from tests.spec.delivery.service import Service, read

pytestmark = pytest.mark.anyio

DATA = bytes(i * 7 % 251 for i in range(1000))
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.mark.parametrize("dies_after", range(0, 1000, 37))
async def test_a_copy_that_dies_is_continued_from_another_at_the_same_byte(dies_after: int) -> None:
    service = Service()
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(dies_after=dies_after))

    received = await service.fetch()

    assert received.data == DATA
    assert received.is_complete
    assert service.units_used() == 1
    assert not service.is_suspect("first")


async def test_the_last_copy_dying_is_an_honest_cut() -> None:
    service = Service()
    service.add_file(DATA)
    service.storage().misbehave(Misbehaviour(dies_after=450))

    received = await service.fetch()

    assert received.data == DATA[:450]
    assert not received.is_complete
    assert (service.units_used(), service.active()) == (1, 0)


async def test_what_was_cut_is_resumed_within_the_unit() -> None:
    service = Service()
    service.add_file(DATA)
    service.storage().misbehave(Misbehaviour(dies_after=450))
    first = await service.fetch()
    service.storage().behave()

    rest = await service.fetch("bytes=450-")

    assert first.data + rest.data == DATA
    assert service.units_used() == 1


async def test_short_reads_are_no_error() -> None:
    service = Service()
    service.add_file(DATA)
    service.storage().misbehave(Misbehaviour(largest_read=7))

    assert (await service.fetch()).data == DATA


@pytest.mark.parametrize("corrupt_at", [0, 99, 100, 500, 998, 999])
async def test_a_corrupt_copy_never_looks_complete(corrupt_at: int) -> None:
    service = Service()
    service.add_file(DATA, "bad", "good", checksum=MD5, verify=True)
    service.storage("bad").misbehave(Misbehaviour(corrupt_at=corrupt_at))

    received = await service.fetch(checksum=MD5)

    assert not received.is_complete
    assert len(received.data) < len(DATA)
    assert service.is_suspect("bad", MD5)
    assert "FileLocationSuspected" in service.events()


async def test_the_healthy_copy_is_served_next_and_the_corrupt_bytes_cost_nothing() -> None:
    service = Service()
    service.add_file(DATA, "bad", "good", checksum=MD5, verify=True)
    service.storage("bad").misbehave(Misbehaviour(corrupt_at=500))
    await service.fetch(checksum=MD5)

    received = await service.fetch(checksum=MD5)

    assert (received.data, received.is_complete) == (DATA, True)
    assert service.units_used() == 1


async def test_a_resume_of_corrupt_bytes_gets_the_whole_file_until_it_was_delivered_once() -> None:
    service = Service()
    service.add_file(DATA, "bad", "good", checksum=MD5, verify=True)
    service.storage("bad").misbehave(Misbehaviour(corrupt_at=500))
    cut = await service.fetch(checksum=MD5)

    first = await service.fetch(f"bytes={len(cut.data)}-", checksum=MD5, stop_after=200)
    second = await service.fetch(f"bytes={len(cut.data)}-", checksum=MD5)
    third = await service.fetch("bytes=500-", checksum=MD5)

    assert not first.is_partial
    assert (second.data, second.is_partial) == (DATA, False)
    assert third.is_partial


async def test_a_resume_of_corrupt_bytes_without_another_copy_is_503() -> None:
    service = Service()
    service.add_file(DATA, checksum=MD5, verify=True)
    service.storage().misbehave(Misbehaviour(corrupt_at=500))
    await service.fetch(checksum=MD5)

    with pytest.raises(CopiesUnreachable):
        await service.ask(byte_range="bytes=900-", checksum=MD5)


async def test_a_small_corrupt_copy_is_replaced_before_anything_has_left() -> None:
    service = Service(chunk_bytes=2000)
    service.add_file(DATA, "bad", "good", checksum=MD5, verify=True)
    service.storage("bad").misbehave(Misbehaviour(corrupt_at=500))

    received = await service.fetch(checksum=MD5)

    assert (received.data, received.is_complete) == (DATA, True)
    assert service.is_suspect("bad", MD5)


async def test_an_algorithm_that_cannot_be_computed_is_not_verified() -> None:
    service = Service()
    service.add_file(DATA, checksum="whirl", algorithm="WHIRLPOOL", verify=True)

    assert (await service.fetch(checksum="whirl")).is_complete
    assert (await service.fetch("bytes=0-9", checksum="whirl")).is_complete


async def test_a_copy_that_changes_while_it_is_sent_is_cut_and_marked() -> None:
    service = Service()
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(changes_at=600))

    received = await service.fetch()

    assert received.data == DATA[:600]
    assert not received.is_complete
    assert service.is_suspect("first")


async def test_a_copy_that_changed_before_anything_left_is_replaced() -> None:
    service = Service()
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(changes_at=0))

    received = await service.fetch()

    assert received.data == DATA
    assert service.is_suspect("first")


async def test_after_a_switch_the_copy_that_lied_is_found() -> None:
    service = Service()
    service.add_file(DATA, "liar", "good", checksum=MD5, verify=True)
    service.storage("liar").misbehave(Misbehaviour(corrupt_at=100, dies_after=500))

    received = await service.fetch(checksum=MD5)

    assert not received.is_complete
    assert service.is_suspect("liar", MD5)
    assert not service.is_suspect("good", MD5)


async def test_after_a_switch_the_second_copy_may_be_the_liar() -> None:
    service = Service()
    service.add_file(DATA, "dying", "liar", checksum=MD5, verify=True)
    service.storage("dying").misbehave(Misbehaviour(dies_after=500))
    service.storage("liar").misbehave(Misbehaviour(corrupt_at=700))

    received = await service.fetch(checksum=MD5)

    assert not received.is_complete
    assert service.is_suspect("liar", MD5)
    assert not service.is_suspect("dying", MD5)


async def test_an_expired_lease_stops_the_next_byte() -> None:
    service = Service()
    service.add_file(DATA)
    opened = await service.opened()
    await read(opened.delivery, 300)
    service.pass_time(seconds=31)

    data, is_complete = await read(opened.delivery)

    assert (data, is_complete) == (b"", False)
    await service.finish(opened)


async def test_a_piece_after_the_last_byte_is_none_even_when_the_lease_is_gone() -> None:
    service = Service()
    service.add_file(DATA)
    opened = await service.opened()
    await read(opened.delivery)
    service.pass_time(seconds=31)

    assert await opened.delivery.next_piece(zero_copy=False) is None
    await service.finish(opened)


async def test_bytes_that_never_reached_the_client_are_not_counted() -> None:
    service = Service()
    service.add_file(DATA)
    opened = await service.opened()
    await read(opened.delivery, 100)

    assert opened.delivery.outcome(unacknowledged_bytes=100).delivered_bytes == 0
    assert opened.delivery.outcome().delivered_bytes == 100
    await service.finish(opened)


async def test_every_source_is_closed_at_the_end() -> None:
    service = Service()
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(dies_after=10))
    await service.fetch()

    assert service.storage("first").open_sources == service.storage("second").open_sources == []


@given(
    ranges=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 400)), min_size=1, max_size=6),
    dies_after=st.integers(0, 1000),
    chunk=st.integers(1, 300),
)
async def test_whatever_is_asked_and_breaks_the_bytes_are_right(
    ranges: list[tuple[int, int]], dies_after: int, chunk: int
) -> None:
    service = Service(chunk_bytes=chunk)
    service.add_file(DATA, "first", "second")
    service.storage("first").misbehave(Misbehaviour(dies_after=dies_after))
    header = "bytes=" + ",".join(f"{start}-{start + extra}" for start, extra in ranges)

    opened = await service.opened(header)
    data, is_complete = await read(opened.delivery)
    await service.finish(opened)

    positions = sorted({i for start, extra in ranges for i in range(start, min(start + extra + 1, 1000))})
    assert data == bytes(DATA[i] for i in positions)
    assert is_complete
    assert service.active() == 0
    assert service.units_used(factories.ALICE) == 1


async def test_a_changed_copy_and_one_that_dies_at_once_are_503_for_who_asks_for_the_whole_file() -> None:
    service = Service()
    service.add_file(DATA, "changed", "dying")
    service.storage("changed").put("memory:///changed/c1", DATA[::-1])
    service.storage("dying").misbehave(Misbehaviour(dies_after=0))
    opened = await service.opened()

    with pytest.raises(CopiesUnreachable):
        await opened.delivery.next_piece(zero_copy=False)

    await service.finish(opened)
    assert service.units_used() == 0


async def test_nearline_copies_that_are_readable_continue_when_all_others_have_failed() -> None:
    service = Service()
    service.add_file(DATA, "disk", "tape")
    tape = service.registry.storages["tape"] = InMemoryNearlineStorage(service.clock)
    version = tape.put("memory:///tape/c1", DATA)
    await tape.restore("memory:///tape/c1", hours=1)
    tape.finish("memory:///tape/c1")
    tables = service.database.tables
    key = (factories.TENANT, "c1", "tape")
    tables.locations[key] = attrs.evolve(tables.locations[key], version=version)
    tables.storages[key[0], "tape"] = factories.a_storage("tape", storage_type=StorageType.NEARLINE)
    service.storage("disk").misbehave(Misbehaviour(dies_after=450))

    received = await service.fetch()

    assert (received.data, received.is_complete) == (DATA, True)
    assert tape.open_sources == []


@pytest.mark.parametrize("is_asleep", [True, False], ids=["asleep", "silent"])
async def test_nearline_copies_that_cannot_be_read_end_it_honestly(is_asleep: bool) -> None:
    service = Service()
    service.add_file(DATA, "disk", "tape")
    tape = service.registry.storages["tape"] = InMemoryNearlineStorage(service.clock)
    tape.put("memory:///tape/c1", DATA)
    tape.fails = None if is_asleep else StorageUnavailable("The library does not answer.")
    tables = service.database.tables
    tables.storages[factories.TENANT, "tape"] = factories.a_storage("tape", storage_type=StorageType.NEARLINE)
    service.storage("disk").misbehave(Misbehaviour(dies_after=450))

    received = await service.fetch()

    assert (received.data, received.is_complete) == (DATA[:450], False)
