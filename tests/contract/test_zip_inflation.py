"""Inflating much of an archive's member holds up nobody else, and stops when nobody wants it any more."""

import asyncio
import random
import zipfile

import attrs
import pytest

from adapters.storage.conformance import read_all
from adapters.storage.zip_member import open_member
from adapters.storage.zip_readers import INPUT_BYTES, STEP_BYTES
from tests.contract.byte_sources import BytesSource
from tests.contract.calls import calls_of_this_thread
from tests.contract.test_zip_members import one

pytestmark = pytest.mark.anyio

LARGE = bytes(range(251)) * 120_000
"""Some 30 MB that deflate well."""


async def test_a_range_far_into_a_member_is_inflated_beside_the_event_loop() -> None:
    member = await open_member(BytesSource(one(LARGE, zipfile.ZIP_DEFLATED)), "a", len(LARGE))

    with calls_of_this_thread() as made:
        found = await read_all(member, len(LARGE) - 200_000, 200_000)

    assert found == LARGE[-200_000:]
    assert made["decompress"] <= 1
    assert made["crc32"] <= 1


async def test_looking_through_a_changed_archive_is_inflated_beside_the_event_loop() -> None:
    source = BytesSource(one(LARGE, zipfile.ZIP_DEFLATED))
    member = await open_member(source, "a", len(LARGE))
    source.grown = True

    with calls_of_this_thread() as made:
        await member.check_unchanged()

    assert made["decompress"] <= 1


async def test_a_little_is_inflated_without_a_thread() -> None:
    member = await open_member(BytesSource(one(LARGE, zipfile.ZIP_DEFLATED)), "a", len(LARGE))

    with calls_of_this_thread() as made:
        await member.read(0, 10_000)

    assert made["decompress"] == 1


@attrs.define(eq=False)
class CountingSource(BytesSource):
    """Counts how often it is read, and says when that is often enough."""

    reads: int = 0
    enough: int = 0
    is_enough: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def read(self, offset: int, length: int) -> bytes:
        self.reads += 1
        if self.reads == self.enough:
            self.is_enough.set()
        return await super().read(offset, length)


async def test_a_reader_who_leaves_stops_the_inflation() -> None:
    data = random.Random(1).randbytes(8 * STEP_BYTES)
    source = CountingSource(one(data, zipfile.ZIP_DEFLATED))
    member = await open_member(source, "a", None)
    source.enough = source.reads + 3
    reading = asyncio.create_task(member.read(len(data) - 1000, 1000))
    async with asyncio.timeout(60):
        await source.is_enough.wait()

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    seen = source.reads
    # Another reader has its turn after whatever was still under way.
    other = await open_member(BytesSource(one(LARGE, zipfile.ZIP_DEFLATED)), "a", None)
    assert await read_all(other, STEP_BYTES, 10) == LARGE[STEP_BYTES : STEP_BYTES + 10]

    assert seen < 8 * STEP_BYTES / INPUT_BYTES
    assert source.reads == seen
    assert await read_all(member, len(data) - 1000, 1000) == data[-1000:]
