"""SQL searches answer like the reference on both databases, whether they find few products or many."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.searching.walking import Lookahead
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.search import MOST_COUNTED
from tests.contract.search import SearchContract, SearchEnvironment
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database


@asynccontextmanager
async def search_environment(
    url: str, most_counted: int = MOST_COUNTED, lookahead: Lookahead | None = None
) -> AsyncIterator[SearchEnvironment]:
    engine = create_async_engine_for(url)
    search = SqlProductSearch(engine, most_counted=most_counted, lookahead=lookahead)
    try:
        yield SearchEnvironment(unit_of_work=lambda: SqlUnitOfWork(engine), search=search)
    finally:
        await engine.dispose()


class TestSqliteSearch(SearchContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        with sqlite_database() as url:
            async with search_environment(url) as env:
                yield env


@on_postgres
class TestPostgresSearch(SearchContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        with postgres_database() as url:
            async with search_environment(url) as env:
                yield env


# Along the indexes of orders, by steps so small that products end in the midst of a step, and of equal values.
SHORT_STEPS = Lookahead(least=1, more=4, rows_for_one=0)


class TestSqliteSearchOfMany(SearchContract):
    """Where nearly everything counts as many: along the indexes of orders."""

    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        with sqlite_database() as url:
            async with search_environment(url, most_counted=1, lookahead=SHORT_STEPS) as env:
                yield env


@on_postgres
class TestPostgresSearchOfMany(SearchContract):
    """Where nearly everything counts as many: along the indexes of orders."""

    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        with postgres_database() as url:
            async with search_environment(url, most_counted=1, lookahead=SHORT_STEPS) as env:
                yield env


class TestSqliteSearchOfManySorted(SearchContract):
    """Where nearly everything counts as many, and all of it is put in order."""

    @asynccontextmanager
    async def environment(self) -> AsyncIterator[SearchEnvironment]:
        with sqlite_database() as url:
            async with search_environment(url, most_counted=1, lookahead=Lookahead(most=0)) as env:
                yield env
