"""Files on tape and in a vault, and what a worker does about them once."""

from datetime import timedelta

from application.use_cases.copy_restored import CopyRestored
from application.use_cases.expire_copies import ExpireCopies
from application.use_cases.follow_restorations import FollowRestorations
from application.use_cases.read_restorations import GroupView, ReadRestorations
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from application.use_cases.start_restorations import StartRestorations
from domain.storage_location import StorageType
from tests.factories import SIZE, TENANT, a_file, a_location, a_storage
from tests.fakes.in_memory_cache import InMemoryCache
from tests.fakes.in_memory_nearline import InMemoryNearlineStorage
from tests.fakes.in_memory_storage import InMemoryStorageRegistry
from tests.spec.use_cases.world import World

HOUR = timedelta(hours=1)


class Archive:
    """Files on tape, which are copied into the cache, and in a vault, which keeps them readable itself."""

    def __init__(self) -> None:
        self.world = World()
        self.clock = self.world.clock
        self.cache = InMemoryCache(self.clock)
        self.tape = InMemoryNearlineStorage(self.clock)
        self.vault = InMemoryNearlineStorage(self.clock, keeps_readable=True)
        self.registry = InMemoryStorageRegistry({"tape": self.tape, "vault": self.vault, "disk": self.world.disk})
        nearline = StorageType.NEARLINE
        self.world.holds(a_storage(), a_storage("tape", storage_type=nearline))
        self.world.holds(a_storage("vault", storage_type=nearline, priority=1))

    def has(self, checksum: str, storage: str = "tape", size: int = SIZE) -> None:
        location = a_location(checksum, storage, version=None)
        self.world.holds(a_file(checksum, size=size), location)
        {"tape": self.tape, "vault": self.vault}.get(storage, self.world.disk).put(location.url, bytes(size))

    async def ask(self, *checksums: str, group: str = "g", hours: int = 24) -> None:
        request = RequestRestorationRequest(tenant=TENANT, group_id=group, checksums=checksums, available_hours=hours)
        await RequestRestoration(self.world.unit_of_work, self.clock, self.world.ids).execute(request)

    async def round(self) -> None:
        """What a worker does once, and what a storage says a moment later."""
        work = self.world.unit_of_work
        await ExpireCopies(work, self.cache, self.clock).execute()
        await StartRestorations(work, self.registry, self.clock).execute()
        for _ in range(2):
            await FollowRestorations(
                unit_of_work=work,
                registry=self.registry,
                clock=self.clock,
                holder="w",
                look_again=timedelta(seconds=5),
                patience=24 * HOUR,
            ).execute()
            self.clock.advance(timedelta(seconds=6))
        await self.copying().execute()

    def copying(self) -> CopyRestored:
        return CopyRestored(
            unit_of_work=self.world.unit_of_work,
            registry=self.registry,
            cache=self.cache,
            clock=self.clock,
            holder="w",
            look_again_seconds=0.001,
        )

    async def group(self, group: str = "g") -> GroupView:
        return await ReadRestorations(self.world.unit_of_work, self.clock).execute(TENANT, group)

    async def states(self, group: str = "g") -> dict[str, str]:
        return {file.checksum: file.state for file in (await self.group(group)).files}

    def finish(self, checksum: str, storage: str = "tape") -> None:
        {"tape": self.tape, "vault": self.vault}[storage].finish(a_location(checksum, storage).url)
