"""The in-memory search keeps the promises of its port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.geometry.shapes import GeosShapes
from tests.contract.search import SearchContract, SearchEnvironment
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_search import InMemoryProductSearch
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


class TestInMemorySearch(SearchContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        database = InMemoryDatabase()
        yield SearchEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database), search=InMemoryProductSearch(database, GeosShapes())
        )
