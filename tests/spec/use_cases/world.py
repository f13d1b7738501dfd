"""What a use case sees of the world, in memory."""

import attrs

from application.use_cases.configured_storage import StorageConfigurations
from domain.access import Caller, Role
from domain.file import ArchiveFile, FileLocation
from domain.storage_location import StorageLocation
from tests.factories import TENANT, a_file, a_location, a_storage
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.ids import SequentialIds
from tests.fakes.in_memory_database import InMemoryDatabase, Tables
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_secrets import InMemorySecretBox
from tests.fakes.in_memory_storage import InMemoryStorage, InMemoryStorageRegistry
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

ALICE = Caller(TENANT, "alice@example.org", Role.REGISTERED_USER)
BOB = Caller(TENANT, "bob@example.org", Role.REGISTERED_USER)
ADMIN = Caller(TENANT, "admin@example.org", Role.ADMIN)


@attrs.define
class World:
    """One database with a ledger and storages, and the clock and ids that use cases are given."""

    database: InMemoryDatabase = attrs.field(factory=InMemoryDatabase)
    clock: FixedClock = attrs.field(factory=FixedClock)
    ids: SequentialIds = attrs.field(factory=SequentialIds)
    disk: InMemoryStorage = attrs.field(factory=InMemoryStorage)
    secrets: InMemorySecretBox = attrs.field(factory=InMemorySecretBox)

    @property
    def ledger(self) -> InMemoryLedger:
        return InMemoryLedger(self.database)

    @property
    def registry(self) -> InMemoryStorageRegistry:
        return InMemoryStorageRegistry({"disk": self.disk})

    @property
    def configurations(self) -> StorageConfigurations:
        return StorageConfigurations(self.registry, self.secrets)

    @property
    def tables(self) -> Tables:
        return self.database.tables

    def unit_of_work(self) -> InMemoryUnitOfWork:
        return InMemoryUnitOfWork(self.database)

    def holds(self, *rows: ArchiveFile | FileLocation | StorageLocation) -> "World":
        """The world with these records in it."""
        for row in rows:
            if isinstance(row, ArchiveFile):
                self.tables.files[row.tenant, row.checksum] = row
            elif isinstance(row, FileLocation):
                self.tables.locations[row.tenant, row.checksum, row.storage] = row
            else:
                self.tables.storages[row.tenant, row.name] = row
        return self

    def with_one_file(self) -> "World":
        """The world with the file ``c1`` on the storage ``disk``."""
        return self.holds(a_storage(), a_file(), a_location())

    @property
    def events(self) -> list[str]:
        """The types of the stored events, in order."""
        return [event.type for event in self.tables.outbox.values()]
