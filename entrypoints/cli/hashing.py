"""Walking folders and hashing what is found, in threads, so that it can be stopped at any block."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from domain import digest

BLOCK_BYTES = 1024 * 1024
AT_ONCE = min(8, os.cpu_count() or 1)
"""Hashing gives the interpreter lock back, so threads use the processors."""


@attrs.frozen
class Identity:
    """What changes when a file on disk is written to or replaced."""

    size_bytes: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "Identity":
        """As it is now. Raises ``OSError``."""
        found = path.stat()
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@attrs.frozen
class Hashed:
    """A file that was read in full."""

    path: Path
    identity: Identity
    checksum: str


@attrs.frozen
class NotHashed:
    """A file that could not be read, and why."""

    path: Path
    reason: str


def walk(paths: Sequence[Path]) -> Iterator[Path]:
    """Regular files in and under the given paths, absolute, in order; symbolic links to folders are not followed.

    A path that does not exist is given back as it is, so that reading it reports the reason.
    """
    for path in paths:
        start = Path(os.path.abspath(path))  # noqa: PTH100 — Path.resolve would leave the storage's root over a link.
        if not start.is_dir():
            yield start
            continue
        for folder, folders, names in os.walk(start):
            folders.sort()
            yield from (found for name in sorted(names) if (found := Path(folder, name)).is_file())


@attrs.define(eq=False)
class Hashing:
    """Hashes files by one algorithm; ``read`` is told the bytes read, from several threads."""

    algorithm: str
    read: Callable[[int], None]
    _stopped: threading.Event = attrs.field(factory=threading.Event)

    async def of(self, paths: Iterable[Path]) -> AsyncIterator[Hashed | NotHashed]:
        """Each file as soon as it is hashed. Leaving early stops the threads at their next block."""
        running: set[asyncio.Task[Hashed | NotHashed]] = set()
        try:
            for path in paths:
                running.add(asyncio.create_task(asyncio.to_thread(self._hash, path)))
                if len(running) >= AT_ONCE:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        yield task.result()
            for last in asyncio.as_completed(running):
                yield await last
        finally:
            self._stopped.set()

    def _hash(self, path: Path) -> Hashed | NotHashed:
        hasher = digest.hasher(self.algorithm)
        assert hasher is not None, "the command offers only algorithms that can be computed"
        try:
            before = Identity.of(path)
            with path.open("rb", buffering=0) as file:
                while not self._stopped.is_set() and (block := file.read(BLOCK_BYTES)):
                    hasher.update(block)
                    self.read(len(block))
            if Identity.of(path) != before:
                return NotHashed(path, "it was changed while it was read")
        except OSError as error:
            return NotHashed(path, error.strerror or str(error))
        if self._stopped.is_set():
            return NotHashed(path, "stopped")
        return Hashed(path, before, hasher.hexdigest())
