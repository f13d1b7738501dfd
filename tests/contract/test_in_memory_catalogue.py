"""The in-memory catalogue keeps the promises of its ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.contract.catalogue import CatalogueContract, CatalogueEnvironment
from tests.fakes.in_memory_catalogue import InMemoryCatalogueFinder
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


class TestInMemoryCatalogue(CatalogueContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[CatalogueEnvironment]:
        database = InMemoryDatabase()
        yield CatalogueEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database), finder=InMemoryCatalogueFinder(database)
        )
