"""A plugin that dies at every byte position, stalls there, or lies: right bytes or an honest cut, never a wrong file.

"Complete" is what the client's own library says: every announced byte has arrived.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator

import attrs
import pytest

from application.errors import PortError
from application.use_cases.download_answers import Opened
from domain.errors import DomainError
from tests.fakes.in_memory_storage import Misbehaviour
from tests.fakes.patience import Patience
from tests.spec.delivery.service import Received, Service, read

pytestmark = pytest.mark.anyio

SIZE = 24
DATA = bytes(i * 37 % 251 for i in range(SIZE))
MD5 = hashlib.md5(DATA).hexdigest()
POSITIONS = range(SIZE + 1)
CHUNKS = (7, 64)
RANGES = {None: (0, SIZE), "bytes=0-": (0, SIZE), "bytes=5-19": (5, 20), "bytes=-9": (SIZE - 9, SIZE)}

Fault = Callable[[int], Misbehaviour]

STOPS: dict[str, Fault] = {
    "dies": lambda at: Misbehaviour(dies_after=at),
    "stalls": lambda at: Misbehaviour(stalls_at=at),
    "fails": lambda at: Misbehaviour(fails_at=at),
    "empty": lambda at: Misbehaviour(empty_at=at),
    "overlong": lambda at: Misbehaviour(overlong_at=at),
    "dribbles and dies": lambda at: Misbehaviour(dies_after=at, largest_read=1),
}
"""How a plugin stops at a position: it never passes it."""


@attrs.define
class Archive:
    """A service with one file on some storages, and what is wrong with each."""

    patience: Patience
    service: Service

    @classmethod
    def with_copies(cls, count: int, *, chunk_bytes: int, verify: bool) -> "Archive":
        patience = Patience()
        service = Service(chunk_bytes=chunk_bytes, patience=patience)
        service.add_file(DATA, *NAMES[:count], checksum=MD5, verify=verify)
        return cls(patience, service)

    def faulty(self, storage: str, fault: Misbehaviour) -> None:
        fault.stalled = self.patience.stalled
        self.service.storage(storage).misbehave(fault)

    async def fetch(self, byte_range: str | None) -> Received | None:
        """What the client got; ``None`` for a refusal before the first byte."""
        try:
            opened = await self.service.ask(byte_range=byte_range, checksum=MD5)
        except (DomainError, PortError):
            return None
        assert isinstance(opened, Opened)
        data, is_complete = await read(opened.delivery)
        await self.service.finish(opened)
        return Received(data, is_complete, opened.ranges is not None)


NAMES = ("first", "second", "third")


def asked(byte_range: str | None, received: Received) -> bytes:
    start, stop = RANGES[byte_range] if received.is_partial else (0, SIZE)
    return DATA[start:stop]


def cases() -> Iterator[tuple[int, str | None, bool]]:
    for chunk_bytes in CHUNKS:
        for byte_range in RANGES:
            for verify in (False, True):
                yield chunk_bytes, byte_range, verify


@pytest.mark.parametrize("fault", STOPS, ids=str)
@pytest.mark.parametrize("at", POSITIONS)
async def test_one_copy_that_stops_there_is_an_honest_cut_of_right_bytes(fault: str, at: int) -> None:
    for chunk_bytes, byte_range, verify in cases():
        archive = Archive.with_copies(1, chunk_bytes=chunk_bytes, verify=verify)
        archive.faulty("first", STOPS[fault](at))

        received = await archive.fetch(byte_range)

        if received is None:
            assert at < SIZE, "a copy that works to its end is served"
            continue
        expected = asked(byte_range, received)
        assert expected.startswith(received.data)
        assert received.is_complete == (received.data == expected)
        assert archive.service.active() == 0
        assert archive.service.storage("first").open_sources == []


@pytest.mark.parametrize("fault", STOPS, ids=str)
@pytest.mark.parametrize("at", POSITIONS)
async def test_a_second_copy_continues_at_the_same_byte(fault: str, at: int) -> None:
    for chunk_bytes, byte_range, verify in cases():
        archive = Archive.with_copies(2, chunk_bytes=chunk_bytes, verify=verify)
        archive.faulty("first", STOPS[fault](at))

        received = await archive.fetch(byte_range)

        assert received is not None
        assert (received.data, received.is_complete) == (asked(byte_range, received), True)
        assert not archive.service.is_suspect("first", MD5)
        assert archive.service.storage("first").open_sources == []
        assert archive.service.storage("second").open_sources == []


@pytest.mark.parametrize("fault", STOPS, ids=str)
@pytest.mark.parametrize("at", POSITIONS)
async def test_a_third_copy_continues_when_the_second_stops_too(fault: str, at: int) -> None:
    for second_at in (0, at, min(at + 3, SIZE)):
        for chunk_bytes, byte_range, verify in cases():
            archive = Archive.with_copies(3, chunk_bytes=chunk_bytes, verify=verify)
            archive.faulty("first", STOPS[fault](at))
            archive.faulty("second", Misbehaviour(dies_after=second_at))

            received = await archive.fetch(byte_range)

            assert received is not None
            assert (received.data, received.is_complete) == (asked(byte_range, received), True)
            assert archive.service.active() == 0


@pytest.mark.parametrize("at", range(SIZE))
@pytest.mark.parametrize("copies", [1, 2, 3])
async def test_a_wrong_byte_is_held_back_by_the_digest_where_it_is_wanted(at: int, copies: int) -> None:
    for chunk_bytes in CHUNKS:
        for byte_range in RANGES:
            archive = Archive.with_copies(copies, chunk_bytes=chunk_bytes, verify=True)
            archive.faulty("first", Misbehaviour(corrupt_at=at))

            received = await archive.fetch(byte_range)

            assert archive.service.is_suspect("first", MD5)
            if received is None:
                assert copies == 1
                continue
            assert not received.is_complete or received.data == asked(byte_range, received)


@pytest.mark.parametrize("at", range(SIZE))
async def test_a_wrong_byte_of_the_copy_that_is_switched_to_is_held_back_too(at: int) -> None:
    for dies_after in (0, 7, at, SIZE - 1):
        for byte_range in RANGES:
            archive = Archive.with_copies(3, chunk_bytes=7, verify=True)
            archive.faulty("first", Misbehaviour(dies_after=dies_after))
            archive.faulty("second", Misbehaviour(corrupt_at=at))

            received = await archive.fetch(byte_range)

            assert received is not None
            assert not received.is_complete or received.data == asked(byte_range, received)
            assert not archive.service.is_suspect("first", MD5)
            assert not archive.service.is_suspect("third", MD5)


async def test_without_verification_wrong_data_of_the_right_length_is_only_as_good_as_its_storage() -> None:
    archive = Archive.with_copies(1, chunk_bytes=7, verify=False)
    archive.faulty("first", Misbehaviour(corrupt_at=3))

    received = await archive.fetch(None)

    assert received is not None
    assert received.is_complete
    assert received.data != DATA


@pytest.mark.parametrize(
    "lie", [{"claims_size": SIZE - 1}, {"claims_size": SIZE + 1}, {"claims_version": "v99"}], ids=str
)
@pytest.mark.parametrize("at", [None, 0, 10])
async def test_a_copy_of_another_size_or_version_never_continues_a_stream(
    lie: dict[str, object], at: int | None
) -> None:
    for chunk_bytes, byte_range, verify in cases():
        archive = Archive.with_copies(3, chunk_bytes=chunk_bytes, verify=verify)
        if at is not None:
            archive.faulty("first", Misbehaviour(dies_after=at))
        archive.faulty("first" if at is None else "second", Misbehaviour(**lie))  # type: ignore[arg-type]  # by name

        received = await archive.fetch(byte_range)

        assert received is not None
        assert (received.data, received.is_complete) == (asked(byte_range, received), True)
        assert archive.service.storage("second").open_sources == []


async def test_a_copy_without_a_version_is_held_to_its_size() -> None:
    archive = Archive.with_copies(2, chunk_bytes=7, verify=False)
    tables = archive.service.database.tables
    for key, location in list(tables.locations.items()):
        tables.locations[key] = attrs.evolve(location, version=None)
    archive.service.storage("first").put(tables.locations[(*next(iter(tables.locations))[:2], "first")].url, b"short")

    received = await archive.fetch(None)

    assert received is not None
    assert (received.data, received.is_complete) == (DATA, True)
    assert archive.service.is_suspect("first", MD5)


async def test_a_copy_that_does_not_open_in_time_is_passed_over() -> None:
    archive = Archive.with_copies(2, chunk_bytes=7, verify=False)
    archive.faulty("first", Misbehaviour(opening_stalls=True))

    received = await archive.fetch(None)

    assert received is not None
    assert (received.data, received.is_complete) == (DATA, True)
    assert ("copy-not-opened", "first") in archive.service.reports


async def test_the_client_that_leaves_while_a_copy_stalls_is_not_taken_for_a_deadline() -> None:
    service = Service()
    service.add_file(DATA, "first", "second", checksum=MD5)
    service.storage("first").misbehave(Misbehaviour(stalls_at=0))
    opened = await service.opened(checksum=MD5)
    reading = asyncio.ensure_future(opened.delivery.next_piece(zero_copy=False))
    await asyncio.sleep(0)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await service.finish(opened)
    assert service.reports == []
    assert service.units_used() == 0
