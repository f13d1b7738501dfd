"""The SQL unit of work and the file finder keep the promises of their ports on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.unit_of_work import SqlUnitOfWork
from domain.quota import Policy
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database
from tests.contract.unit_of_work import UnitOfWorkContract, UnitOfWorkEnvironment


@asynccontextmanager
async def unit_of_work_environment(url: str) -> AsyncIterator[UnitOfWorkEnvironment]:
    """A unit of work, a finder and a ledger on one database."""
    engine = create_async_engine_for(url)
    finder = SqlFileFinder(url)
    ledger = SqlLedger(url, Policy())
    try:
        yield UnitOfWorkEnvironment(unit_of_work=lambda: SqlUnitOfWork(engine), finder=finder, ledger=ledger)
    finally:
        await ledger.aclose()
        await finder.aclose()
        await engine.dispose()


class TestSqliteUnitOfWork(UnitOfWorkContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[UnitOfWorkEnvironment]:
        with sqlite_database() as url:
            async with unit_of_work_environment(url) as env:
                yield env


@on_postgres
class TestPostgresUnitOfWork(UnitOfWorkContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[UnitOfWorkEnvironment]:
        with postgres_database() as url:
            async with unit_of_work_environment(url) as env:
                yield env
