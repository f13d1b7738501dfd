"""Try a storage out: is it there, does it list, do its registered copies open and read, and how fast."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs

from application.delivery.guarded import Deadlines, open_guarded
from application.errors import CopyNotRestored, LocationRefused, PluginUnusable, PortError, StorageUnavailable
from application.ports.clock import Clock
from application.ports.storage import ListingStorage, Storage, StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound
from domain.file import ArchiveFile, FileLocation
from domain.storage_location import StorageLocation

T = TypeVar("T")

READ_BYTES = 8 * 1024 * 1024
"""So much of each copy is read at most."""
READ_AT_ONCE = 256 * 1024


@attrs.frozen(kw_only=True)
class TryStorageRequest:
    """Which storage, and how many of its registered copies to read."""

    tenant: str
    name: str
    sample: int = 5


@attrs.frozen(kw_only=True)
class Attempt:
    """One thing that was tried. ``code`` and ``trouble`` say what went wrong; ``read_bytes`` is what was read."""

    what: str
    seconds: float
    read_bytes: int = 0
    code: str | None = None
    trouble: str | None = None

    @property
    def is_failure(self) -> bool:
        """Whether something is wrong: an object that sleeps on a nearline storage is as it should be."""
        return self.code not in (None, CopyNotRestored.code)


@attrs.frozen
class TryStorage:
    """Try what a download would do with a storage, and time it. Nothing is recorded, and nothing is restored.

    - The storage as a whole first: its plugin and secrets, whether it answers, and whether it lists if it can.
    - Then the beginning of some registered copies, which are opened as downloads open them.
    - What fails does not keep the rest from being tried, but for a plugin that cannot be used.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry
    clock: Clock
    deadlines: Deadlines = attrs.field(factory=Deadlines)

    async def execute(self, request: TryStorageRequest) -> tuple[Attempt, ...]:
        """What was tried, in this order. Raises ``NotFound``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            location = await work.storages.get(request.tenant, request.name)
            if location is None:
                raise NotFound(f"There is no storage {request.name!r}.")
            page = await work.files.page(request.tenant, storage=request.name, after=None, limit=max(request.sample, 1))
        usable, attempt = await self._timed("use the plugin", lambda: self._usable(location))
        if usable is None:
            return (attempt,)
        attempts = [attempt, (await self._timed("reach the storage", usable.probe))[1]]
        if isinstance(usable, ListingStorage):
            attempts.append((await self._timed("list objects", lambda: _listed(usable)))[1])
        copies = [(found.file, copy.location) for found in page.files[: request.sample] for copy in found.copies]
        attempts += [await self._read(usable, file, copy) for file, copy in copies if copy.storage == request.name]
        return tuple(attempts)

    async def _usable(self, location: StorageLocation) -> Storage:
        return self.registry.storage(location)

    async def _read(self, storage: Storage, file: ArchiveFile, location: FileLocation) -> Attempt:
        count, attempt = await self._timed(
            f"read {file.file_name}", lambda: self._read_beginning(storage, file, location)
        )
        return attrs.evolve(attempt, read_bytes=count or 0)

    async def _read_beginning(self, storage: Storage, file: ArchiveFile, location: FileLocation) -> int:
        source = await open_guarded(storage, location, file.size_bytes, self.deadlines)
        try:
            offset, end = 0, min(file.size_bytes, READ_BYTES)
            while offset < end:
                offset += len(await source.read(offset, min(READ_AT_ONCE, end - offset)))
            await source.check_unchanged()
        finally:
            await source.aclose()
        return offset

    async def _timed(self, what: str, work: Callable[[], Awaitable[T]]) -> tuple[T | None, Attempt]:
        begun = self.clock.monotonic()
        result: T | None = None
        error: PortError | None = None
        try:
            # Long enough for every reading within: each of them has its own deadline.
            async with self.deadlines.timeout(self.deadlines.open_seconds + 60 * self.deadlines.read_seconds):
                result = await work()
        except (StorageUnavailable, LocationRefused) as failure:
            error = failure
        except TimeoutError:
            error = StorageUnavailable("The storage did not answer in time.")
        except Exception as failure:  # noqa: BLE001 — a plugin is foreign code, and this is what finds out about it.
            error = PluginUnusable(f"The plugin raised {type(failure).__name__}.")
        seconds = self.clock.monotonic() - begun
        if error is None:
            return result, Attempt(what=what, seconds=seconds)
        return None, Attempt(what=what, seconds=seconds, code=error.code, trouble=str(error))


async def _listed(storage: ListingStorage) -> None:
    """The first object is enough."""
    async for _ in storage.list(""):
        return
