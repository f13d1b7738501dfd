"""The folder of the cache in memory."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import attrs

from application.ports.cache import Cache, Filled, Lying
from application.ports.clock import Clock
from application.ports.storage import ByteSource
from domain.file import ArchiveFile

_TEMPORARY = ".part"


@attrs.frozen
class _Entry:
    tenant: str
    data: bytes
    changed_at: datetime


class InMemoryCache(Cache):
    """Files by URL; ``most_bytes`` is the most that ever lay here at once, unfinished files included."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: dict[str, _Entry] = {}
        self.most_bytes = 0
        self._count = 0

    @property
    def bytes_now(self) -> int:
        return sum(len(entry.data) for entry in self.entries.values())

    def folder(self, tenant: str) -> str:
        return f"/cache/{tenant}"

    def url_of(self, file: ArchiveFile) -> str:
        return f"memory:///cache/{file.tenant}/{file.checksum}"

    async def fill(self, file: ArchiveFile, source: ByteSource, progressed: Callable[[int], None]) -> Filled:
        url = self.url_of(file)
        for left in [key for key in self.entries if key.startswith(f"{url}.") and key.endswith(_TEMPORARY)]:
            del self.entries[left]
        data = b""
        while len(data) < file.size_bytes:
            data += await source.read(len(data), file.size_bytes - len(data))
            progressed(len(data))
        self._count += 1
        temporary = f"{url}.{self._count}{_TEMPORARY}"
        self._put(temporary, _Entry(file.tenant, data, self._clock.now()))
        return Filled(temporary=temporary, url=url)

    async def publish(self, filled: Filled) -> None:
        self._put(filled.url, self.entries.pop(filled.temporary))

    async def discard(self, filled: Filled) -> None:
        self.entries.pop(filled.temporary, None)

    async def remove(self, url: str) -> None:
        self.entries.pop(url, None)

    async def size_of(self, url: str) -> int | None:
        entry = self.entries.get(url)
        return None if entry is None else len(entry.data)

    async def scan(self) -> AsyncIterator[Lying]:
        for url, entry in list(self.entries.items()):
            yield Lying(
                tenant=entry.tenant,
                url=url,
                size_bytes=len(entry.data),
                changed_at=entry.changed_at,
                is_temporary=url.endswith(_TEMPORARY),
            )

    def _put(self, url: str, entry: _Entry) -> None:
        self.entries[url] = entry
        self.most_bytes = max(self.most_bytes, self.bytes_now)
