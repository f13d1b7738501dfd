"""Every catalogue keeps the promises of the port of items."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.contract.catalogue import CatalogueEnvironment
from tests.contract.items import ItemContract
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database
from tests.contract.test_sql_catalogue import catalogue_environment
from tests.fakes.in_memory_catalogue import InMemoryCatalogueFinder
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork

pytestmark = pytest.mark.anyio


class TestInMemoryItems(ItemContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        database = InMemoryDatabase()
        yield CatalogueEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database), finder=InMemoryCatalogueFinder(database)
        )


class TestSqliteItems(ItemContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        with sqlite_database() as url:
            async with catalogue_environment(url) as env:
                yield env


@on_postgres
class TestPostgresItems(ItemContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        with postgres_database() as url:
            async with catalogue_environment(url) as env:
                yield env
