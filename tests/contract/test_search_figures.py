"""Figures are the same over tables in memory and on both databases, whether few products are found or many."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.geometry.shapes import GeosShapes
from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.searching.figures import SqlSearchFigures
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.unit_of_work import SqlUnitOfWork
from tests.contract.search_figures import FiguresContract, FiguresEnvironment
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_search import InMemoryProductSearch
from tests.fakes.in_memory_search_figures import InMemorySearchFigures
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


@asynccontextmanager
async def figures_environment(url: str) -> AsyncIterator[FiguresEnvironment]:
    engine = create_async_engine_for(url)
    search = SqlProductSearch(engine, shapes=GeosShapes())
    try:
        yield FiguresEnvironment(
            unit_of_work=lambda: SqlUnitOfWork(engine), search=search, figures=SqlSearchFigures(search)
        )
    finally:
        await engine.dispose()


class TestInMemoryFigures(FiguresContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        database = InMemoryDatabase()
        search = InMemoryProductSearch(database, GeosShapes())
        yield FiguresEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database), search=search, figures=InMemorySearchFigures(search)
        )


class TestSqliteFigures(FiguresContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with sqlite_database() as url:
            async with figures_environment(url) as env:
                yield env


@on_postgres
class TestPostgresFigures(FiguresContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with postgres_database() as url:
            async with figures_environment(url) as env:
                yield env
