"""The in-memory ledger keeps the ledger's promises."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.quota import Policy
from tests.contract.ledger import LedgerContract, LedgerEnvironment
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


class TestInMemoryLedger(LedgerContract):
    @asynccontextmanager
    async def environment(self, policy: Policy) -> AsyncIterator[LedgerEnvironment]:
        database = InMemoryDatabase()

        async def snapshot() -> object:
            return database.tables.copied()

        yield LedgerEnvironment(
            ledgers=(InMemoryLedger(database, policy), InMemoryLedger(database, policy)),
            unit_of_work=lambda: InMemoryUnitOfWork(database),
            snapshot=snapshot,
        )
