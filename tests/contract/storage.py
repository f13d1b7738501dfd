"""What every storage promises (application/ports/storage.py).

Subclass ``StorageContract`` and give it a ``bench`` fixture: an object that stores, replaces and removes bytes behind
the storage's back, so that reading is tested by something that does not read through it.
"""

from typing import Protocol

import anyio
import attrs
import pytest

from application.errors import CopyChanged, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, Storage
from domain.file import FileLocation
from tests import factories

DATA = bytes(i * 31 % 256 for i in range(300_000))


class Bench(Protocol):
    """A storage and a back door to it."""

    storage: Storage

    def put(self, name: str, data: bytes) -> str:
        """Store or replace an object; returns its URL."""

    def remove(self, name: str) -> None:
        """Delete an object."""

    def foreign_urls(self) -> list[str]:
        """URLs that this storage must never read."""


async def located(bench: Bench, url: str) -> FileLocation:
    status = await bench.storage.check(url)
    return attrs.evolve(factories.a_location(url=url), version=status.version)


async def read_all(source: ByteSource, offset: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += await source.read(offset + len(data), length - len(data))
    return data


class StorageContract:
    """One behaviour per test; every storage has them all."""

    pytestmark = pytest.mark.anyio

    async def test_a_storage_that_is_there_passes_its_probe(self, bench: Bench) -> None:
        await bench.storage.probe()

    async def test_what_was_stored_is_read(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        source = await bench.storage.open(location, len(DATA))

        assert await read_all(source, 0, len(DATA)) == DATA
        assert source.status.size_bytes == len(DATA)
        await source.aclose()

    @pytest.mark.parametrize(("offset", "length"), [(0, 1), (299_999, 1), (1, 299_999), (12_345, 65_536)])
    async def test_any_part_can_be_read(self, bench: Bench, offset: int, length: int) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        source = await bench.storage.open(location, len(DATA))

        assert await read_all(source, offset, length) == DATA[offset : offset + length]
        await source.aclose()

    async def test_many_read_at_once(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        results: list[bytes] = []

        async def reader() -> None:
            source = await bench.storage.open(location, len(DATA))
            results.append(await read_all(source, 0, len(DATA)))
            await source.aclose()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(reader)

        assert results == [DATA] * 20

    async def test_an_empty_object_opens(self, bench: Bench) -> None:
        location = await located(bench, bench.put("empty", b""))

        source = await bench.storage.open(location, 0)

        await source.check_unchanged()
        await source.aclose()

    async def test_a_missing_object_is_missing(self, bench: Bench) -> None:
        url = bench.put("a.dat", DATA)
        location = await located(bench, url)
        bench.remove("a.dat")

        with pytest.raises(CopyMissing):
            await bench.storage.check(url)
        with pytest.raises(CopyMissing):
            await bench.storage.open(location, len(DATA))

    async def test_an_object_of_another_size_is_not_opened(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        with pytest.raises(CopyChanged):
            await bench.storage.open(location, len(DATA) + 1)

    async def test_an_object_that_was_replaced_is_not_opened(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        bench.put("a.dat", DATA[::-1])

        with pytest.raises(CopyChanged):
            await bench.storage.open(location, len(DATA))

    async def test_a_copy_without_a_recorded_version_is_held_to_its_size(self, bench: Bench) -> None:
        location = attrs.evolve(await located(bench, bench.put("a.dat", DATA)), version=None)

        source = await bench.storage.open(location, len(DATA))

        assert await read_all(source, 0, 10) == DATA[:10]
        await source.aclose()

    async def test_what_was_opened_is_what_is_read_or_an_error(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, len(DATA))
        bench.put("a.dat", DATA[::-1])

        try:
            data = await read_all(source, 0, len(DATA))
            await source.check_unchanged()
        except StorageUnavailable:
            data = DATA
        assert data == DATA
        await source.aclose()

    async def test_closing_twice_is_safe(self, bench: Bench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), len(DATA))

        await source.aclose()
        await source.aclose()

    async def test_urls_of_others_are_refused_everywhere(self, bench: Bench) -> None:
        for url in bench.foreign_urls():
            with pytest.raises(LocationRefused):
                bench.storage.validate_url(url)
            with pytest.raises(LocationRefused):
                await bench.storage.check(url)
            with pytest.raises(LocationRefused):
                await bench.storage.open(factories.a_location(url=url), 1)
