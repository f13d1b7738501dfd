"""One transaction with the repositories that take part in it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import attrs

from application.ports.access import AccessRepository, LicenceRepository
from application.ports.cached_copies import CachedCopyRepository
from application.ports.cool_downs import CoolDownRepository
from application.ports.files import FileRepository
from application.ports.inbox import Inbox
from application.ports.instances import InstanceRepository
from application.ports.items import ItemRepository
from application.ports.jobs import Backlog, JobRepository
from application.ports.products import ProductRepository
from application.ports.published_quotas import PublishedQuotas
from application.ports.restorations import RestorationRepository
from application.ports.scrub import ScrubRepository
from application.ports.tenant_upkeep import TenantUpkeep
from application.ports.users import IssuerRepository, UserRepository
from domain.events import Event
from domain.settings import TenantSettings
from domain.storage_location import StorageLocation
from domain.ticket import Ticket


class TenantRepository(Protocol):
    """The tenants that this installation serves."""

    @abstractmethod
    async def exists(self, tenant: str) -> bool:
        """Whether the tenant is served."""

    @abstractmethod
    async def add(self, tenant: str, now: datetime) -> bool:
        """Start to serve a tenant; ``False`` when it is already served."""

    @abstractmethod
    async def names(self) -> tuple[str, ...]:
        """All tenants by name."""


class StorageLocationRepository(Protocol):
    """Configured storages of a tenant."""

    @abstractmethod
    async def get(self, tenant: str, name: str) -> StorageLocation | None:
        """One configuration."""

    @abstractmethod
    async def all(self, tenant: str) -> tuple[StorageLocation, ...]:
        """Every configuration, by type and priority."""

    @abstractmethod
    async def all_to_change(self, tenant: str) -> tuple[StorageLocation, ...]:
        """The same for whoever changes any of them: nobody else does until this unit ends."""

    @abstractmethod
    async def save(self, locations: Sequence[StorageLocation]) -> None:
        """Insert or replace by name. A whole reordering of priorities is saved in one call."""

    @abstractmethod
    async def remove(self, tenant: str, name: str) -> bool:
        """Delete one configuration; ``False`` when there is none."""

    @abstractmethod
    async def holds_files(self, tenant: str, name: str) -> bool:
        """Whether any copy is registered on it."""


class TicketRepository(Protocol):
    """Download tickets. Uses are written by the ledger only."""

    @abstractmethod
    async def add(self, ticket: Ticket) -> None:
        """Record a new ticket."""

    @abstractmethod
    async def get(self, tenant: str, ticket_id: str) -> Ticket | None:
        """One ticket by id."""

    @abstractmethod
    async def by_token(self, tenant: str, token_sha256: str) -> Ticket | None:
        """One ticket by the hash of its token (an indexed lookup)."""

    @abstractmethod
    async def page(
        self, tenant: str, *, issued_by: str | None, checksum: str | None, after: str | None, limit: int
    ) -> tuple[Ticket, ...]:
        """Tickets by id, optionally of one issuer or for one file."""

    @abstractmethod
    async def revoke(self, tenant: str, ticket_id: str, now: datetime) -> None:
        """Record the revocation unless there is one already."""

    @abstractmethod
    async def purge(self, expired_before: datetime) -> int:
        """Delete tickets of all tenants that expired before and have no open download; returns how many."""


class SettingsRepository(Protocol):
    """Changed settings of a tenant; what is not stored has its default."""

    @abstractmethod
    async def values(self, tenant: str) -> dict[str, int]:
        """Stored values by name."""

    @abstractmethod
    async def put(self, tenant: str, name: str, value: int) -> None:
        """Store a value."""

    @abstractmethod
    async def reset(self, tenant: str, name: str) -> None:
        """Back to the default."""

    async def current(self, tenant: str) -> TenantSettings:
        """The settings as the rules read them."""
        return TenantSettings.from_values(await self.values(tenant))


@attrs.frozen(kw_only=True)
class StoredEvent:
    """An event as it stands in the outbox; ``payload`` holds the event's fields, dates as ISO 8601."""

    id: int
    tenant: str
    type: str
    payload: dict[str, object]
    occurred_at: datetime


class Outbox(Protocol):
    """Events, stored with the state that they tell of."""

    @abstractmethod
    async def add(self, *events: Event) -> None:
        """Append, in order."""

    @abstractmethod
    async def page(self, tenant: str, *, after: int, limit: int) -> tuple[StoredEvent, ...]:
        """Events of a tenant in order."""

    @abstractmethod
    async def unpublished(self, limit: int) -> tuple[StoredEvent, ...]:
        """The first events that nobody outside has been told of yet, of all tenants, in order."""

    @abstractmethod
    async def mark_published(self, event_ids: Sequence[int], now: datetime) -> None:
        """Note that the broker has confirmed them, or that nobody outside hears of them."""

    @abstractmethod
    async def mark_refused(self, event_id: int, reason: str, now: datetime) -> None:
        """Note that it can never be published; it stays, with the reason, and holds nothing up."""

    @abstractmethod
    async def backlog(self) -> Backlog:
        """What waits to be published."""

    @abstractmethod
    async def purge(self, before: datetime, *, with_waiting: bool) -> int:
        """Delete events older than this, of those that wait to be published only ``with_waiting``; returns how many."""


class UnitOfWork(Protocol):
    """``async with`` opens the transaction; leaving without ``commit`` rolls back.

    Entering and every repository call raise ``DatabaseUnavailable`` when the database does not answer; ``commit``
    raises ``Conflict`` when somebody else did the same at the same time. One unit serves one task, once.
    """

    tenants: TenantRepository
    files: FileRepository
    storages: StorageLocationRepository
    tickets: TicketRepository
    settings: SettingsRepository
    outbox: Outbox
    instances: InstanceRepository
    tenant_upkeep: TenantUpkeep
    inbox: Inbox
    restorations: RestorationRepository
    cached_copies: CachedCopyRepository
    published_quotas: PublishedQuotas
    jobs: JobRepository
    products: ProductRepository
    items: ItemRepository
    access: AccessRepository
    licences: LicenceRepository
    cool_downs: CoolDownRepository
    scrub: ScrubRepository
    users: UserRepository
    issuers: IssuerRepository

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    async def commit(self) -> None:
        """Make it true."""


UnitOfWorkFactory = Callable[[], UnitOfWork]
