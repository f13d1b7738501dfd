"""What every storage promises (application/ports/storage.py)."""

from pathlib import Path

import anyio
import anyio.lowlevel
import attrs
import pytest

from adapters.storage.conformance.bench import DATA, Bench, at, located, read_all
from application.errors import CopyChanged, CopyMissing, LocationRefused, StorageUnavailable
from domain.errors import InvalidValue

SIZE = len(DATA)
_DESCRIPTORS = Path("/proc/self/fd")


class StorageContract:
    """One behaviour per test; every storage has them all."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_a_storage_that_is_there_passes_its_probe(self, bench: Bench) -> None:
        await bench.storage.probe()

    async def test_what_was_stored_is_read(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        source = await bench.storage.open(location, SIZE)

        assert await read_all(source, 0, SIZE) == DATA
        assert source.status.size_bytes == SIZE
        await source.aclose()

    async def test_an_accepted_url_is_valid(self, bench: Bench) -> None:
        bench.storage.validate_url(bench.put("a.dat", DATA))

    @pytest.mark.parametrize(
        ("offset", "length"),
        [(0, 1), (SIZE - 1, 1), (1, SIZE - 1), (12_345, 65_536), (65_535, 2), (65_536, 65_536), (0, SIZE)],
    )
    async def test_any_part_can_be_read(self, bench: Bench, offset: int, length: int) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        source = await bench.storage.open(location, SIZE)

        assert await read_all(source, offset, length) == DATA[offset : offset + length]
        await source.aclose()

    async def test_parts_are_read_in_any_order_and_again(self, bench: Bench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), SIZE)

        for offset in (200_000, 0, 299_000, 100_000, 0):
            assert await read_all(source, offset, 1000) == DATA[offset : offset + 1000]
        await source.aclose()

    @pytest.mark.parametrize("length", [1, 7, 65_536, SIZE])
    async def test_a_reading_returns_something_and_never_more_than_was_asked(self, bench: Bench, length: int) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), SIZE)

        data = await source.read(0, length)

        assert 1 <= len(data) <= length
        assert data == DATA[: len(data)]
        await source.aclose()

    async def test_nothing_is_read_beyond_the_end(self, bench: Bench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), SIZE)

        with pytest.raises(StorageUnavailable):
            await source.read(SIZE, 1)
        await source.aclose()

    async def test_many_read_at_once(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        results: list[bytes] = []

        async def reader() -> None:
            source = await bench.storage.open(location, SIZE)
            results.append(await read_all(source, 0, SIZE))
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
            await bench.storage.open(location, SIZE)

    @pytest.mark.parametrize("size", [SIZE + 1, SIZE - 1, 0])
    async def test_an_object_of_another_size_is_not_opened(self, bench: Bench, size: int) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        with pytest.raises(CopyChanged):
            await bench.storage.open(location, size)

    async def test_an_object_that_was_replaced_is_not_opened(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        bench.put("a.dat", DATA[::-1])

        with pytest.raises(CopyChanged):
            await bench.storage.open(location, SIZE)

    async def test_a_copy_without_a_recorded_version_is_held_to_its_size(self, bench: Bench) -> None:
        location = attrs.evolve(await located(bench, bench.put("a.dat", DATA)), version=None)

        source = await bench.storage.open(location, SIZE)

        assert await read_all(source, 0, 10) == DATA[:10]
        await source.aclose()

    async def test_what_was_opened_is_what_is_read_or_an_error(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, SIZE)
        bench.put("a.dat", DATA[::-1])

        try:
            data = await read_all(source, 0, SIZE)
            await source.check_unchanged()
        except StorageUnavailable:
            data = DATA
        assert data == DATA
        await source.aclose()

    async def test_a_reading_that_is_cancelled_harms_neither_its_source_nor_another(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        source = await bench.storage.open(location, SIZE)
        other = await bench.storage.open(location, SIZE)

        async with anyio.create_task_group() as group:
            group.start_soon(read_all, source, 0, SIZE)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

        try:
            again = await read_all(source, 1000, 50_000)
        except StorageUnavailable:
            again = DATA[1000:51_000]
        assert again == DATA[1000:51_000]
        await source.aclose()
        assert await read_all(other, 0, SIZE) == DATA
        await other.aclose()

    async def test_an_opening_that_is_cancelled_harms_no_other(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))

        async with anyio.create_task_group() as group:
            group.start_soon(bench.storage.open, location, SIZE)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

        source = await bench.storage.open(location, SIZE)
        assert await read_all(source, 0, SIZE) == DATA
        await source.aclose()

    async def test_closing_twice_is_safe(self, bench: Bench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), SIZE)

        await source.aclose()
        await source.aclose()

    async def test_a_closed_storage_lets_what_is_open_be_read(self, bench: Bench) -> None:
        source = await bench.storage.open(await located(bench, bench.put("a.dat", DATA)), SIZE)

        await bench.storage.aclose()
        await bench.storage.aclose()

        assert await read_all(source, 0, SIZE) == DATA
        await source.aclose()

    @pytest.mark.skipif(not _DESCRIPTORS.is_dir(), reason="needs /proc/self/fd to count open files and connections")
    async def test_nothing_stays_open(self, bench: Bench) -> None:
        location = await located(bench, bench.put("a.dat", DATA))
        before = _open_descriptors()

        async def reader() -> None:
            source = await bench.storage.open(location, SIZE)
            await source.read(0, 1000)
            await source.aclose()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(reader)
        for wrong in (attrs.evolve(location, version="another"), at(bench.foreign_urls()[0])):
            with pytest.raises((CopyChanged, CopyMissing, LocationRefused)):
                await bench.storage.open(wrong, SIZE)
        await bench.storage.aclose()

        for _ in range(1000):
            # Event loops close connections a few turns after they were told to.
            if _open_descriptors() <= before:
                break
            await anyio.lowlevel.checkpoint()
        assert _open_descriptors() <= before

    async def test_urls_of_others_are_refused_everywhere(self, bench: Bench) -> None:
        for url in bench.foreign_urls():
            with pytest.raises(LocationRefused):
                bench.storage.validate_url(url)
            with pytest.raises(LocationRefused):
                await bench.storage.check(url)
            # Some cannot even be on record.
            with pytest.raises((LocationRefused, InvalidValue)):
                await bench.storage.open(at(url), 1)


def _open_descriptors() -> int:
    return len(list(_DESCRIPTORS.iterdir()))
