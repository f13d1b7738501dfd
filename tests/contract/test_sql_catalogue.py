"""The SQL catalogue keeps the promises of its ports on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.persistence.catalogue_finder import SqlCatalogueFinder
from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.unit_of_work import SqlUnitOfWork
from tests.contract.catalogue import CatalogueContract, CatalogueEnvironment
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database


@asynccontextmanager
async def catalogue_environment(url: str) -> AsyncIterator[CatalogueEnvironment]:
    """A unit of work and a finder on one database."""
    engine = create_async_engine_for(url)
    finder = SqlCatalogueFinder(url)
    try:
        yield CatalogueEnvironment(unit_of_work=lambda: SqlUnitOfWork(engine), finder=finder)
    finally:
        await finder.aclose()
        await engine.dispose()


class TestSqliteCatalogue(CatalogueContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        with sqlite_database() as url:
            async with catalogue_environment(url) as env:
                yield env


@on_postgres
class TestPostgresCatalogue(CatalogueContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        with postgres_database() as url:
            async with catalogue_environment(url) as env:
                yield env
