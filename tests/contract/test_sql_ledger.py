"""The SQL ledger keeps the ledger's promises on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.unit_of_work import SqlUnitOfWork
from domain.quota import Policy
from tests.contract.ledger import LedgerContract, LedgerEnvironment
from tests.contract.sql_databases import every_row, on_postgres, postgres_database, sqlite_database


@asynccontextmanager
async def ledger_environment(url: str, policy: Policy) -> AsyncIterator[LedgerEnvironment]:
    """Two ledgers with connections of their own on one database."""
    engine = create_async_engine_for(url)
    ledgers = SqlLedger(url, policy), SqlLedger(url, policy)

    async def snapshot() -> object:
        return every_row(url)

    try:
        yield LedgerEnvironment(ledgers=ledgers, unit_of_work=lambda: SqlUnitOfWork(engine), snapshot=snapshot)
    finally:
        for ledger in ledgers:
            await ledger.aclose()
        await engine.dispose()


class TestSqliteLedger(LedgerContract):
    @asynccontextmanager
    async def environment(self, policy: Policy) -> AsyncIterator[LedgerEnvironment]:
        with sqlite_database() as url:
            async with ledger_environment(url, policy) as env:
                yield env


@on_postgres
class TestPostgresLedger(LedgerContract):
    @asynccontextmanager
    async def environment(self, policy: Policy) -> AsyncIterator[LedgerEnvironment]:
        with postgres_database() as url:
            async with ledger_environment(url, policy) as env:
                yield env
