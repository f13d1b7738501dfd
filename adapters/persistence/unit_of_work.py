"""One transaction with the repositories that take part in it."""

from types import TracebackType
from typing import Self

import anyio
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.persistence.failures import translating
from adapters.persistence.repositories.access import SqlAccessRepository
from adapters.persistence.repositories.cached_copies import SqlCachedCopyRepository
from adapters.persistence.repositories.cool_downs import SqlCoolDownRepository
from adapters.persistence.repositories.files import SqlFileRepository
from adapters.persistence.repositories.inbox import SqlInbox
from adapters.persistence.repositories.instances import SqlInstanceRepository
from adapters.persistence.repositories.items import SqlItemRepository
from adapters.persistence.repositories.jobs import SqlJobRepository
from adapters.persistence.repositories.licences import SqlLicenceRepository
from adapters.persistence.repositories.outbox import SqlOutbox
from adapters.persistence.repositories.products import SqlProductRepository
from adapters.persistence.repositories.published_quotas import SqlPublishedQuotas
from adapters.persistence.repositories.restorations import SqlRestorationRepository
from adapters.persistence.repositories.scrub import SqlScrubRepository
from adapters.persistence.repositories.storages import SqlStorageLocationRepository
from adapters.persistence.repositories.tenant_upkeep import SqlTenantUpkeep
from adapters.persistence.repositories.tenants import SqlSettingsRepository, SqlTenantRepository
from adapters.persistence.repositories.tickets import SqlTicketRepository
from adapters.persistence.repositories.users import SqlIssuerRepository, SqlUserRepository
from adapters.persistence.transaction import Transaction
from application.ports.unit_of_work import UnitOfWork


class SqlUnitOfWork(UnitOfWork):
    """A unit of work over an engine of ``create_async_engine_for``. Holds one connection while it is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._transaction: Transaction | None = None

    async def __aenter__(self) -> Self:
        """Take a connection. Raises ``DatabaseUnavailable``."""
        with translating():
            self._connection = await self._engine.connect()
        transaction = self._transaction = Transaction(self._connection)
        self.tenants = SqlTenantRepository(transaction)
        self.files = SqlFileRepository(transaction)
        self.storages = SqlStorageLocationRepository(transaction)
        self.tickets = SqlTicketRepository(transaction)
        self.settings = SqlSettingsRepository(transaction)
        self.outbox = SqlOutbox(transaction)
        self.instances = SqlInstanceRepository(transaction)
        self.tenant_upkeep = SqlTenantUpkeep(transaction)
        self.inbox = SqlInbox(transaction)
        self.restorations = SqlRestorationRepository(transaction)
        self.cached_copies = SqlCachedCopyRepository(transaction)
        self.published_quotas = SqlPublishedQuotas(transaction)
        self.jobs = SqlJobRepository(transaction)
        self.products = SqlProductRepository(transaction)
        self.items = SqlItemRepository(transaction)
        self.access = SqlAccessRepository(transaction)
        self.licences = SqlLicenceRepository(transaction)
        self.cool_downs = SqlCoolDownRepository(transaction)
        self.scrub = SqlScrubRepository(transaction)
        self.users = SqlUserRepository(transaction)
        self.issuers = SqlIssuerRepository(transaction)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed and give the connection back, also when the task is being cancelled."""
        transaction, connection = self._transaction, self._connection
        self._transaction = self._connection = None
        if transaction is None or connection is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                with translating():
                    await transaction.rollback()
            finally:
                await connection.close()

    async def commit(self) -> None:
        """Make it true. Raises ``Conflict`` and ``DatabaseUnavailable``."""
        if self._transaction is None:
            raise RuntimeError("This unit of work is not open.")
        await self._transaction.commit()
