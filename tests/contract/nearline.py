"""The life of an object that sleeps, on top of what every nearline storage promises (adapters/storage/conformance).

Give it a ``bench`` whose objects can also fall asleep again.
"""

from datetime import datetime
from typing import Protocol

import pytest

from adapters.storage.conformance import DATA, NearlineBench, NearlineContract, read_all
from adapters.storage.conformance.bench import at
from application.errors import CopyNotRestored, LocationRefused
from application.ports.storage import NearlineStorage
from domain.availability import Availability, CopyAvailability


class SleepingBench(NearlineBench, Protocol):
    """A nearline storage and a back door to it."""

    def expire(self, name: str) -> None:
        """The time is over for which this object was restored."""


async def said(nearline: NearlineStorage, url: str) -> CopyAvailability:
    return (await nearline.availability([url]))[url]


async def opens(bench: NearlineBench, url: str) -> bool:
    try:
        source = await bench.storage.open(at(url), len(DATA))
    except CopyNotRestored:
        return False
    try:
        return await read_all(source, 0, len(DATA)) == DATA
    finally:
        await source.aclose()


class SleepingContract(NearlineContract):
    """One behaviour per test."""

    async def test_size_and_identity_are_known_of_what_sleeps(
        self, bench: SleepingBench, nearline: NearlineStorage
    ) -> None:
        url = bench.put("a.dat", DATA)
        asleep = await bench.storage.check(url)
        await nearline.restore(url, hours=1)
        bench.finish("a.dat")

        assert asleep.size_bytes == len(DATA)
        assert await bench.storage.check(url) == asleep

    async def test_what_is_being_restored_does_not_open_yet(
        self, bench: SleepingBench, nearline: NearlineStorage
    ) -> None:
        url = bench.put("a.dat", DATA)
        await nearline.restore(url, hours=1)

        assert not await opens(bench, url)

    async def test_what_is_restored_opens_until_a_date(self, bench: SleepingBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)
        await nearline.restore(url, hours=30)
        bench.finish("a.dat")

        answer = await said(nearline, url)

        assert answer.state is Availability.AVAILABLE
        assert isinstance(answer.until, datetime)
        assert answer.until.tzinfo is not None
        assert await opens(bench, url)

    async def test_it_sleeps_again_when_the_time_is_over(self, bench: SleepingBench, nearline: NearlineStorage) -> None:
        url = bench.put("a.dat", DATA)
        await nearline.restore(url, hours=1)
        bench.finish("a.dat")
        bench.expire("a.dat")

        assert (await said(nearline, url)).state is Availability.UNAVAILABLE
        assert not await opens(bench, url)

    async def test_what_is_restored_is_kept_longer_and_never_shorter(
        self, bench: SleepingBench, nearline: NearlineStorage
    ) -> None:
        url = bench.put("a.dat", DATA)
        await nearline.restore(url, hours=48)
        bench.finish("a.dat")
        untils = [(await said(nearline, url)).until]
        for hours in (1, 240, 24):
            await nearline.restore(url, hours=hours)
            untils.append((await said(nearline, url)).until)

        first, shorter, longer, again = untils
        assert first is not None
        assert longer is not None
        assert first == shorter < longer == again
        assert await opens(bench, url)

    async def test_no_url_of_others_is_restored_or_asked_about(
        self, bench: SleepingBench, nearline: NearlineStorage
    ) -> None:
        for url in bench.foreign_urls():
            with pytest.raises(LocationRefused):
                await nearline.restore(url, hours=1)
            assert (await said(nearline, url)).state is Availability.ERROR

    async def test_a_hundred_are_asked_about_together_and_one_spoils_no_other(
        self, bench: SleepingBench, nearline: NearlineStorage
    ) -> None:
        urls = [bench.put(f"{number}.dat", b"small") for number in range(100)]
        await nearline.restore(urls[1], hours=1)
        bench.remove("50.dat")

        answers = await nearline.availability(urls)

        states = [answers[url].state for url in urls]
        assert states[1] is Availability.RESTORING
        assert states[50] is Availability.ERROR
        assert set(states[:1] + states[2:50] + states[51:]) == {Availability.UNAVAILABLE}

    async def test_nothing_to_ask_about_is_no_error(self, bench: SleepingBench, nearline: NearlineStorage) -> None:
        assert isinstance(bench.storage, NearlineStorage)
        assert await nearline.availability([]) == {}
