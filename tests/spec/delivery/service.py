"""A download service made of fakes, and a client that reads from it as the HTTP adapter does."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import attrs

from application.delivery.cool_downs import CoolDowns
from application.delivery.copies import Suspicion
from application.delivery.delivery import Chunk, Delivery
from application.delivery.guarded import Deadlines
from application.delivery.nearline import Nearline
from application.delivery.redirect import Redirected
from application.delivery.running import RunningTransfers, TransferEnded
from application.delivery.slots import Slots
from application.delivery.verification import VerifiedCopies
from application.errors import PortError
from application.use_cases.close_download import CloseDownload
from application.use_cases.download_answers import Described, DownloadRequest, NotModified, Opened, Refused
from application.use_cases.estimate_wait import EstimateWait
from application.use_cases.open_download import OpenDownload
from application.use_cases.renew_transfers import RenewTransfers
from domain.account import AccountKey
from domain.errors import DomainError
from domain.file import ArchiveFile, DataType
from domain.limits import Limits
from domain.preconditions import Conditions
from domain.quota import Policy
from domain.selection import Copy
from tests import factories
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.ids import SequentialIds
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_files import InMemoryFileFinder
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork
from tests.fakes.patience import Patience


@attrs.define
class Received:
    """What a client got: the bytes, and whether the answer was complete."""

    data: bytes
    is_complete: bool
    is_partial: bool


class Service:
    """One instance over an ``InMemoryDatabase``; two services may share one."""

    def __init__(
        self,
        *,
        database: InMemoryDatabase | None = None,
        registry: InMemoryStorageRegistry | None = None,
        clock: FixedClock | None = None,
        slot_wait: float = 0.0,
        chunk_bytes: int = 100,
        instance_id: str = "i1",
        patience: Patience | None = None,
        noting: Callable[[], InMemoryUnitOfWork] | None = None,
    ) -> None:
        self.database = database or InMemoryDatabase()
        self.clock = clock or FixedClock()
        self.registry = registry or InMemoryStorageRegistry()
        self.policy = Policy()
        self.ledger = InMemoryLedger(self.database, self.policy)
        self.running = RunningTransfers(instance_id, self.clock, self.policy.lease.total_seconds())
        self.slots = Slots(self.ledger, self.clock, slot_wait, 0.01)
        self.verified = VerifiedCopies(self.clock)
        self.reports: list[tuple[str, str]] = []
        self.cool_downs = CoolDowns(noting or (lambda: InMemoryUnitOfWork(self.database)), self.clock)
        self.close = CloseDownload(ledger=self.ledger, running=self.running, slots=self.slots, clock=self.clock)
        self.renew = RenewTransfers(
            ledger=self.ledger,
            running=self.running,
            close_download=self.close,
            clock=self.clock,
            lease=self.policy.lease,
        )
        self.open = OpenDownload(
            finder=InMemoryFileFinder(self.database),
            registry=self.registry,
            ledger=self.ledger,
            slots=self.slots,
            running=self.running,
            verified=self.verified,
            suspicion=Suspicion(lambda: InMemoryUnitOfWork(self.database), self.clock),
            close_download=self.close,
            estimate_wait=EstimateWait(ledger=self.ledger, clock=self.clock),
            nearline=Nearline(self.registry, self.clock),
            ids=SequentialIds(),
            clock=self.clock,
            copy_log=self._report,
            chunk_bytes=chunk_bytes,
            deadlines=patience.deadlines if patience is not None else Deadlines(),
            cool_downs=self.cool_downs,
        )

    def _report(self, reason: str, copy: Copy, error: Exception) -> None:
        del error
        self.reports.append((reason, copy.location.storage))

    def add_file(
        self,
        data: bytes,
        *storages: str,
        checksum: str = "c1",
        algorithm: str = "MD5",
        data_type: DataType = DataType.RAWDATA,
        verify: bool = False,
    ) -> ArchiveFile:
        """Register a file with one copy on each storage, best first."""
        file = attrs.evolve(factories.a_file(checksum, size=len(data), data_type=data_type), algorithm=algorithm)
        with self.database.transaction() as tables:
            tables.files[file.tenant, checksum] = file
            for priority, name in enumerate(storages or ("disk",)):
                storage = self.storage(name)
                location = factories.a_location(checksum, name)
                version = storage.put(location.url, data)
                tables.locations[file.tenant, checksum, name] = attrs.evolve(location, version=version)
                tables.storages[file.tenant, name] = factories.a_storage(name, priority=priority, verify=verify)
        return file

    def storage(self, name: str = "disk") -> InMemoryStorage:
        """The storage of that name."""
        return self.registry.storages.setdefault(name, InMemoryStorage())

    def is_suspect(self, storage: str, checksum: str = "c1") -> bool:
        """Whether the copy there is marked."""
        return self.database.tables.locations[factories.TENANT, checksum, storage].is_suspect

    def events(self) -> list[str]:
        """Types of all stored events."""
        return [event.type for event in self.database.tables.outbox.values()]

    async def limit(self, *, max_quota: int = -1, rate_limit: int = -1) -> None:
        """Give Alice own limits."""
        await self.ledger.set_limits(factories.ALICE, Limits(max_quota=max_quota, rate_limit=rate_limit))

    def units_used(self, account: AccountKey = factories.ALICE) -> int:
        """Units charged to an account."""
        found = self.database.tables.accounts.get(account)
        return found.units_used if found else 0

    def active(self, account: AccountKey = factories.ALICE) -> int:
        """Counted downloads in progress."""
        found = self.database.tables.accounts.get(account)
        return found.active_downloads if found else 0

    async def ask(
        self,
        *,
        byte_range: str | None = None,
        checksum: str = "c1",
        account: AccountKey = factories.ALICE,
        ticket_id: str | None = None,
        conditions: Conditions | None = None,
        is_head: bool = False,
        has_limited_ticket: bool = False,
    ) -> Opened | Redirected | Refused | NotModified | Described:
        """One request."""
        return await self.open.execute(
            DownloadRequest(
                account=account,
                checksum=checksum,
                conditions=attrs.evolve(conditions or Conditions(), range=byte_range),
                is_head=is_head,
                ticket_id=ticket_id,
                client="192.0.2.1",
                has_limited_ticket=has_limited_ticket,
            )
        )

    async def opened(self, byte_range: str | None = None, **more: object) -> Opened:
        """One request that must be granted."""
        result = await self.ask(byte_range=byte_range, **more)  # type: ignore[arg-type]  # forwarded as given
        assert isinstance(result, Opened), result
        return result

    async def fetch(self, byte_range: str | None = None, *, stop_after: int | None = None, **more: object) -> Received:
        """One granted request, read to its end, to a cut, or until the client leaves after so many bytes."""
        opened = await self.opened(byte_range, **more)
        data, is_complete = await read(opened.delivery, stop_after)
        await self.finish(opened)
        return Received(data, is_complete, opened.ranges is not None)

    async def finish(self, opened: Opened) -> None:
        """What the HTTP adapter does at the end of every answer."""
        await opened.delivery.aclose()
        await self.close.execute(opened.transfer, opened.delivery.outcome())
        await self.cool_downs.flush()

    def pass_time(self, **passed: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**passed))


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until the condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("The condition never came true.")


async def read(delivery: Delivery, stop_after: int | None = None) -> tuple[bytes, bool]:
    """Take pieces until the end, a cut, or ``stop_after`` bytes; whether the answer was complete."""
    data = b""
    while stop_after is None or len(data) < stop_after:
        try:
            piece = await delivery.next_piece(zero_copy=False)
        except (PortError, DomainError, TransferEnded):
            return data, False
        if piece is None:
            return data, True
        assert isinstance(piece, Chunk), "fakes have no descriptors"
        data += piece.data
        delivery.handed_over(len(piece.data))
    return data, False
