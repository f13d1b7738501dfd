"""One transaction over the in-memory tables, with its repositories."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from application.ports.unit_of_work import UnitOfWork
from tests.fakes.in_memory_catalogue import (
    InMemoryAccessRepository,
    InMemoryLicenceRepository,
    InMemoryProductRepository,
)
from tests.fakes.in_memory_cool_downs import InMemoryCoolDownRepository
from tests.fakes.in_memory_database import InMemoryDatabase, Tables
from tests.fakes.in_memory_files import InMemoryFileRepository
from tests.fakes.in_memory_items import InMemoryItemRepository
from tests.fakes.in_memory_messages import (
    InMemoryInbox,
    InMemoryJobRepository,
    InMemoryPublishedQuotas,
)
from tests.fakes.in_memory_operations import InMemoryInstanceRepository, InMemoryTenantUpkeep
from tests.fakes.in_memory_repositories import (
    InMemoryOutbox,
    InMemorySettingsRepository,
    InMemoryStorageLocationRepository,
    InMemoryTenantRepository,
    InMemoryTicketRepository,
)
from tests.fakes.in_memory_restorations import InMemoryCachedCopyRepository, InMemoryRestorationRepository
from tests.fakes.in_memory_scrub import InMemoryScrubRepository
from tests.fakes.in_memory_users import InMemoryIssuerRepository, InMemoryUserRepository

T = TypeVar("T")


class InMemoryUnitOfWork(UnitOfWork):
    """Reads see the tables at entering and the own writes; ``commit`` repeats the writes on what is true then.

    So a ledger, or another unit, that wrote in between loses nothing, and what can no longer be done is a ``Conflict``.
    """

    def __init__(self, database: InMemoryDatabase) -> None:
        self._database = database
        self._writes: list[Callable[[Tables], object]] = []
        self._working: Tables | None = None

    async def __aenter__(self) -> Self:
        self._database.check_up()
        self._working = self._database.tables.copied()
        self.tenants = InMemoryTenantRepository(self)
        self.files = InMemoryFileRepository(self)
        self.storages = InMemoryStorageLocationRepository(self)
        self.tickets = InMemoryTicketRepository(self)
        self.settings = InMemorySettingsRepository(self)
        self.outbox = InMemoryOutbox(self)
        self.instances = InMemoryInstanceRepository(self)
        self.tenant_upkeep = InMemoryTenantUpkeep(self)
        self.inbox = InMemoryInbox(self)
        self.restorations = InMemoryRestorationRepository(self)
        self.cached_copies = InMemoryCachedCopyRepository(self)
        self.published_quotas = InMemoryPublishedQuotas(self)
        self.jobs = InMemoryJobRepository(self)
        self.products = InMemoryProductRepository(self)
        self.items = InMemoryItemRepository(self)
        self.access = InMemoryAccessRepository(self)
        self.licences = InMemoryLicenceRepository(self)
        self.cool_downs = InMemoryCoolDownRepository(self)
        self.scrub = InMemoryScrubRepository(self)
        self.users = InMemoryUserRepository(self)
        self.issuers = InMemoryIssuerRepository(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writes.clear()
        self._working = None

    async def commit(self) -> None:
        with self._database.transaction() as tables:
            for write in self._writes:
                write(tables)
        self._writes.clear()

    @property
    def tables(self) -> Tables:
        """What this unit sees."""
        self._database.check_up()
        if self._working is None:
            raise RuntimeError("This unit of work is not open.")
        return self._working

    def write(self, change: Callable[[Tables], T]) -> T:
        """Apply a change to what this unit sees, and again at ``commit``."""
        result = change(self.tables)
        self._writes.append(change)
        return result
