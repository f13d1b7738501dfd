"""Instances that deliver, as values: what each answers, and what it was asked."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs

from application.ports.downloaders import Downloader, DownloaderUnavailable, RemoteAnswer, WantedFile
from domain.availability import CopyAvailability


@attrs.define(eq=False)
class InMemoryAnswer(RemoteAnswer):
    """An answer whose body comes in these pieces; ``None`` among them is where the instance breaks off."""

    status: int = 200
    fields: tuple[tuple[str, str], ...] = ()
    pieces: list[bytes | None] = attrs.field(factory=list)
    is_closed: bool = False

    async def next_bytes(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if piece is None:
            raise DownloaderUnavailable("It broke off.")
        return piece

    async def aclose(self) -> None:
        self.is_closed = True


@attrs.define(eq=False)
class InMemoryDownloader(Downloader):
    """``answers`` by instance, given out in order; an instance without any is not there."""

    answers: dict[str, list[InMemoryAnswer]] = attrs.field(factory=dict)
    known: dict[str, Mapping[str, CopyAvailability]] = attrs.field(factory=dict)
    hanging: set[str] = attrs.field(factory=set)
    asked: list[str] = attrs.field(factory=list)
    wanted: list[WantedFile] = attrs.field(factory=list)

    async def ask(self, instance: str, wanted: WantedFile) -> InMemoryAnswer:
        self.asked.append(instance)
        self.wanted.append(wanted)
        if not self.answers.get(instance):
            raise DownloaderUnavailable("It is not there.")
        return self.answers[instance].pop(0)

    async def availability(
        self, instance: str, tenant: str, checksums: Sequence[str]
    ) -> Mapping[str, CopyAvailability]:
        self.asked.append(f"{instance} {tenant} {' '.join(checksums)}")
        if instance not in self.known:
            raise DownloaderUnavailable("It is not there.")
        return {checksum: said for checksum, said in self.known[instance].items() if checksum in checksums}

    async def is_there(self, instance: str) -> bool:
        if instance in self.hanging:
            await asyncio.Event().wait()
        return instance in self.answers
