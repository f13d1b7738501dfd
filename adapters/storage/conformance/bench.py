"""What a suite needs of a storage: a back door to what it reads, so that nothing tests itself."""

from datetime import UTC, datetime
from typing import Protocol

from application.ports.storage import ByteSource, Storage
from domain.file import FileLocation

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


class NearlineBench(Bench, Protocol):
    """A nearline storage, whose restorations end when the suite says so. What is put sleeps."""

    def finish(self, name: str) -> None:
        """End the restoration of an object, which was asked for."""


class ListingBench(Bench, Protocol):
    """A storage that lists; ``prefix`` is what the names of all objects of the bench begin with."""

    prefix: str


class SigningBench(Bench, Protocol):
    """A storage that signs URLs, and a client that has no other permission."""

    async def fetch(self, url: str) -> bytes:
        """What a client gets who follows the URL."""


def at(url: str, version: str | None = None) -> FileLocation:
    """A copy on record."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return FileLocation(
        tenant="contract", checksum="0" * 32, storage="contract", url=url, stored_at=moment, version=version
    )


async def located(bench: Bench, url: str) -> FileLocation:
    """A copy on record, of the object as it is now."""
    return at(url, (await bench.storage.check(url)).version)


async def read_all(source: ByteSource, offset: int, length: int) -> bytes:
    """Exactly these bytes, however few each reading returns."""
    data = b""
    while len(data) < length:
        data += await source.read(offset + len(data), length - len(data))
    return data
