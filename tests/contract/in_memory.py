"""The environment of the in-memory adapters, for the suites and for the machines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.quota import Policy
from tests.contract.ledger_environment import LedgerEnvironment
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


@asynccontextmanager
async def in_memory_environment(policy: Policy) -> AsyncIterator[LedgerEnvironment]:
    """Two in-memory ledgers on one database."""
    database = InMemoryDatabase()

    async def snapshot() -> object:
        return database.tables.copied()

    yield LedgerEnvironment(
        ledgers=(InMemoryLedger(database, policy), InMemoryLedger(database, policy)),
        unit_of_work=lambda: InMemoryUnitOfWork(database),
        snapshot=snapshot,
    )
