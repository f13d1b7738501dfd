"""What storages promise that can do more than be read."""

from datetime import timedelta

import pytest

from adapters.storage.conformance.bench import DATA, ListingBench, NearlineBench, SigningBench, at, located, read_all
from application.errors import CopyMissing, CopyNotRestored, LocationRefused
from application.ports.storage import ListingStorage, NearlineStorage, SigningStorage
from domain.availability import Availability

SIZE = len(DATA)


class NearlineContract:
    """Objects sleep, are restored, and can then be read; one broken object spoils no other's answer."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def nearline(self, bench: NearlineBench) -> NearlineStorage:
        assert isinstance(bench.storage, NearlineStorage)
        return bench.storage

    async def test_a_sleeping_object_is_not_opened(self, bench: NearlineBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)

        with pytest.raises(CopyNotRestored):
            await bench.storage.open(at(url), SIZE)
        assert (await nearline.availability([url]))[url].state is Availability.UNAVAILABLE

    async def test_an_object_is_restored_and_then_read(self, bench: NearlineBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)

        await nearline.restore(url, hours=24)
        while_restored = (await nearline.availability([url]))[url].state
        bench.finish("a.dat")

        assert while_restored is Availability.RESTORING
        assert (await nearline.availability([url]))[url].state is Availability.AVAILABLE
        source = await bench.storage.open(await located(bench, url), SIZE)
        assert await read_all(source, 0, SIZE) == DATA
        await source.aclose()

    async def test_asking_again_is_fine(self, bench: NearlineBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)

        await nearline.restore(url, hours=24)
        await nearline.restore(url, hours=48)
        bench.finish("a.dat")
        await nearline.restore(url, hours=72)

        assert (await nearline.availability([url]))[url].state is Availability.AVAILABLE

    async def test_each_url_has_an_answer_and_what_is_wrong_with_one_is_its_own(
        self, bench: NearlineBench, nearline: NearlineStorage
    ) -> None:
        first, missing, last = (bench.put(name, DATA) for name in ("a.dat", "b.dat", "c.dat"))
        bench.remove("b.dat")
        foreign = bench.foreign_urls()[0]

        answers = await nearline.availability([first, missing, foreign, last])

        assert set(answers) == {first, missing, foreign, last}
        assert answers[missing].state is answers[foreign].state is Availability.ERROR
        assert answers[first].state is answers[last].state is Availability.UNAVAILABLE

    async def test_what_is_not_there_is_not_restored(self, bench: NearlineBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)
        bench.remove("a.dat")

        with pytest.raises(CopyMissing):
            await nearline.restore(url, hours=24)
        with pytest.raises(LocationRefused):
            await nearline.restore(bench.foreign_urls()[0], hours=24)


class ListingContract:
    """What is stored is listed, with URLs that open."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_what_is_listed_opens(self, bench: ListingBench) -> None:
        assert isinstance(bench.storage, ListingStorage)
        urls = {bench.put("a.dat", DATA), bench.put("b.dat", DATA[:10])}

        found = [listed async for listed in bench.storage.list(bench.prefix)]

        assert {listed.url for listed in found} == urls
        for listed in found:
            status = await bench.storage.check(listed.url)
            assert status.size_bytes == listed.size_bytes
            assert listed.version in (None, status.version)

    async def test_only_what_begins_with_the_prefix_is_listed(self, bench: ListingBench) -> None:
        assert isinstance(bench.storage, ListingStorage)
        wanted = bench.put("a.dat", DATA)
        bench.put("b.dat", DATA)

        assert [listed.url async for listed in bench.storage.list(f"{bench.prefix}a")] == [wanted]

    async def test_a_prefix_of_nothing_lists_nothing(self, bench: ListingBench) -> None:
        assert isinstance(bench.storage, ListingStorage)
        bench.put("a.dat", DATA)

        assert [listed async for listed in bench.storage.list(f"{bench.prefix}z")] == []


class SigningContract:
    """A signed URL serves the object to somebody without any other permission."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_a_signed_url_serves_the_object(self, bench: SigningBench) -> None:
        assert isinstance(bench.storage, SigningStorage)
        location = await located(bench, bench.put("a.dat", DATA))

        url = await bench.storage.sign(
            location, lifetime=timedelta(minutes=5), file_name="ä b.dat", media_type="text/plain", is_inline=False
        )

        assert await bench.fetch(url) == DATA

    async def test_urls_of_others_are_not_signed(self, bench: SigningBench) -> None:
        assert isinstance(bench.storage, SigningStorage)
        for url in bench.foreign_urls():
            with pytest.raises(LocationRefused):
                await bench.storage.sign(
                    at(url), lifetime=timedelta(minutes=5), file_name="a", media_type="text/plain", is_inline=False
                )
