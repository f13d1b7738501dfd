"""The tables that the in-memory ledger and the in-memory unit of work share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import attrs

from application.errors import Conflict, DatabaseUnavailable
from application.ports.files import FoundFile
from application.ports.instances import Instance
from application.ports.jobs import JobRun
from application.ports.tenant_upkeep import Maintenance, Removal
from application.ports.unit_of_work import StoredEvent
from domain.account import Account, AccountKey
from domain.cached_copy import CachedCopy
from domain.cool_down import CoolDown
from domain.download import Download, Transfer
from domain.events import Event
from domain.external_identity import IdentityIssuer
from domain.file import ArchiveFile, FileLocation
from domain.groups import AccessGroup
from domain.guessing import Visitor
from domain.licence import Licence, LicenceAcceptance
from domain.product import Product
from domain.restoration import Restoration, RestorationGroup, RestorationRequest
from domain.rights import AccessRight
from domain.selection import Copy, in_cache, kept_readable
from domain.settings import TenantSettings
from domain.storage_location import StorageLocation
from domain.ticket import Ticket
from domain.urn import Urn
from domain.user import User


@attrs.define(eq=True)
class Tables:
    """Every row, as immutable values in plain dictionaries. Two equal ``Tables`` hold the same rows."""

    tenants: dict[str, datetime] = attrs.field(factory=dict)
    files: dict[tuple[str, str], ArchiveFile] = attrs.field(factory=dict)
    locations: dict[tuple[str, str, str], FileLocation] = attrs.field(factory=dict)
    cached_copies: dict[tuple[str, str], CachedCopy] = attrs.field(factory=dict)
    users: dict[tuple[str, str], User] = attrs.field(factory=dict)
    visitors: dict[tuple[str, str, str], Visitor] = attrs.field(factory=dict)
    issuers: dict[tuple[str, str], IdentityIssuer] = attrs.field(factory=dict)
    cooling: dict[tuple[str, str], CoolDown] = attrs.field(factory=dict)
    storages: dict[tuple[str, str], StorageLocation] = attrs.field(factory=dict)
    tickets: dict[tuple[str, str], Ticket] = attrs.field(factory=dict)
    settings: dict[tuple[str, str], int] = attrs.field(factory=dict)
    outbox: dict[int, StoredEvent] = attrs.field(factory=dict)
    accounts: dict[AccountKey, Account] = attrs.field(factory=dict)
    downloads: dict[str, Download] = attrs.field(factory=dict)
    transfers: dict[str, Transfer] = attrs.field(factory=dict)
    published: dict[int, datetime] = attrs.field(factory=dict)
    refused: dict[int, str] = attrs.field(factory=dict)
    inbox: dict[tuple[str, str], datetime] = attrs.field(factory=dict)
    restoration_groups: dict[tuple[str, str], RestorationGroup] = attrs.field(factory=dict)
    restoration_requests: dict[tuple[str, str, str], RestorationRequest] = attrs.field(factory=dict)
    restorations: dict[tuple[str, str], Restoration] = attrs.field(factory=dict)
    restoration_durations: dict[tuple[str, str, datetime, str], timedelta] = attrs.field(factory=dict)
    told_units: dict[AccountKey, int] = attrs.field(factory=dict)
    jobs: dict[str, JobRun] = attrs.field(factory=dict)
    instances: dict[str, Instance] = attrs.field(factory=dict)
    maintenance: dict[str, Maintenance] = attrs.field(factory=dict)
    removals: dict[str, Removal] = attrs.field(factory=dict)
    products: dict[tuple[str, Urn], Product] = attrs.field(factory=dict)
    groups: dict[tuple[str, str], AccessGroup] = attrs.field(factory=dict)
    user_groups: dict[tuple[str, str], frozenset[str]] = attrs.field(factory=dict)
    rights: dict[tuple[str, Urn, str], AccessRight] = attrs.field(factory=dict)
    licences: dict[tuple[str, Urn | None], tuple[Licence, bool]] = attrs.field(factory=dict)
    acceptances: dict[tuple[str, str, Urn | None, str, int], LicenceAcceptance] = attrs.field(factory=dict)
    licences_began: dict[tuple[str, Urn | None], datetime] = attrs.field(factory=dict)
    copy_statements: dict[tuple[str, str, str], datetime] = attrs.field(factory=dict)
    product_statements: dict[tuple[str, Urn], tuple[datetime, bool]] = attrs.field(factory=dict)
    last_event_id: int = 0

    def copied(self) -> "Tables":
        """The same rows in dictionaries of their own."""
        copy = Tables(last_event_id=self.last_event_id)
        for field in attrs.fields(Tables):
            if field.name != "last_event_id":
                setattr(copy, field.name, dict(getattr(self, field.name)))
        return copy

    def current_settings(self, tenant: str) -> TenantSettings:
        """The settings of a tenant as the rules read them."""
        return TenantSettings.from_values({name: v for (owner, name), v in self.settings.items() if owner == tenant})

    def found(self, tenant: str, checksum: str) -> FoundFile | None:
        """A file with its copies, by storage name."""
        file = self.files.get((tenant, checksum))
        if file is None:
            return None
        copies = sorted(
            (row for (owner, key, _), row in self.locations.items() if (owner, key) == (tenant, checksum)),
            key=lambda row: row.storage,
        )
        found = [
            Copy(
                row,
                self.storages.get((tenant, row.storage)),
                cooling_until=cooling.cooling_until if (cooling := self.cooling.get((tenant, row.storage))) else None,
            )
            for row in copies
        ]
        cached = self.cached_copies.get((tenant, checksum))
        if cached is not None:
            found = [kept_readable(copy, cached) for copy in found]
            if cached.is_internal:
                found.insert(0, in_cache(cached))
        return FoundFile(file, tuple(found))

    def append(self, event: Event) -> None:
        """Store an event with the next number."""
        self.last_event_id += 1
        self.outbox[self.last_event_id] = StoredEvent(
            id=self.last_event_id,
            tenant=event.tenant,
            type=type(event).__name__,
            payload=attrs.asdict(event, value_serializer=lambda _i, _f, value: _plain(value)),
            occurred_at=event.occurred_at,
        )

    def check_priorities(self) -> None:
        """Raise ``Conflict`` when two storages of one type share a priority."""
        taken = [(row.tenant, row.storage_type, row.priority) for row in self.storages.values()]
        if len(set(taken)) < len(taken):
            raise Conflict("Two storages of one type have the same priority.")


class InMemoryDatabase:
    """Tables behind transactions: all of a transaction's writes become true at once, or none."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.is_down = False

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """Tables to write to; they replace the present ones unless the block raises. Never await inside."""
        self.check_up()
        working = self.tables.copied()
        yield working
        self.tables = working

    def check_up(self) -> None:
        """Raise ``DatabaseUnavailable`` while a test has set ``is_down``."""
        if self.is_down:
            raise DatabaseUnavailable("The database does not answer.")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
