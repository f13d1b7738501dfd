"""A nearline storage in memory: objects sleep until they are restored, for as long as was asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import anyio
import anyio.lowlevel
import attrs

from application.errors import CopyNotRestored, LocationRefused, StorageUnavailable
from application.ports.clock import Clock
from application.ports.storage import ByteSource, NearlineStorage
from domain.availability import Availability, CopyAvailability
from domain.file import FileLocation
from tests.fakes.in_memory_storage import InMemoryStorage


@attrs.define
class Sleeping:
    """How far the restoration of an object is."""

    hours: int | None = None
    readable_until: datetime | None = None


class InMemoryNearlineStorage(InMemoryStorage, NearlineStorage):
    """Objects that are put here sleep. ``restore`` begins a restoration, which ends when the test calls ``finish``.

    ``questions`` holds the URLs of every question, ``restored`` those of every restoration. ``says`` scripts a wrong
    answer for one URL; ``fails`` and ``hangs`` concern the storage as a whole, until the test takes them back.
    """

    def __init__(self, clock: Clock, *, keeps_readable: bool = False) -> None:
        super().__init__()
        self._clock = clock
        self._keeps_readable = keeps_readable
        self._sleeping: dict[str, Sleeping] = {}
        self.questions: list[list[str]] = []
        self.restored: list[tuple[str, int]] = []
        self.says: dict[str, Callable[[], CopyAvailability]] = {}
        self.fails: Exception | None = None
        self.hangs: anyio.Event | None = None

    @property
    def keeps_readable(self) -> bool:
        return self._keeps_readable

    def put(self, url: str, data: bytes) -> str:
        self._sleeping[url] = Sleeping()
        return super().put(url, data)

    def finish(self, url: str) -> None:
        """The restoration of this object is done."""
        sleeping = self._sleeping[url]
        assert sleeping.hours is not None, "nobody asked for its restoration"
        self._sleeping[url] = Sleeping(readable_until=self._clock.now() + timedelta(hours=sleeping.hours))

    def expire(self, url: str) -> None:
        """The object sleeps again."""
        self._sleeping[url] = Sleeping()

    async def availability(self, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
        self.questions.append(list(urls))
        await self._answer()
        return {url: self.says[url]() if url in self.says else self._availability(url) for url in urls}

    async def restore(self, url: str, *, hours: int) -> None:
        self.restored.append((url, hours))
        await self._answer()
        await self.check(url)
        sleeping = self._sleeping[url]
        if sleeping.readable_until is not None and self._clock.now() < sleeping.readable_until:
            sleeping.readable_until = max(sleeping.readable_until, self._clock.now() + timedelta(hours=hours))
        else:
            self._sleeping[url] = Sleeping(hours=max(hours, sleeping.hours or 0))

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        sleeps = location.url in self._objects and not self._availability(location.url).is_readable(self._clock.now())
        if sleeps:
            raise CopyNotRestored("The object must be restored first.")
        return await super().open(location, size_bytes)

    async def _answer(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.hangs is not None:
            await self.hangs.wait()
        if self.fails is not None:
            raise self.fails
        if self._misbehaviour(None).unavailable:
            raise StorageUnavailable("The storage does not answer.")

    def _availability(self, url: str) -> CopyAvailability:
        try:
            self.validate_url(url)
        except LocationRefused as error:
            return CopyAvailability(state=Availability.ERROR, message=str(error))
        if url not in self._objects:
            return CopyAvailability(state=Availability.ERROR, message="There is no such object.")
        sleeping = self._sleeping[url]
        if sleeping.hours is not None:
            return CopyAvailability(state=Availability.RESTORING)
        if sleeping.readable_until is None or sleeping.readable_until <= self._clock.now():
            return CopyAvailability(state=Availability.UNAVAILABLE)
        return CopyAvailability(state=Availability.AVAILABLE, until=sleeping.readable_until)
