"""Figures are the same over tables in memory and on both databases, whether few products are found or many."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from adapters.geometry.shapes import GeosShapes
from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.searching.bounds import field_bounds
from adapters.persistence.searching.counted import Counted
from adapters.persistence.searching.exact_places import PlaceLimits
from adapters.persistence.searching.figures import SqlSearchFigures
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.search import MOST_COUNTED
from domain.search import Field, Meets, QueryInvalid
from tests.catalogue_factories import a_product, a_urn
from tests.contract.search import SearchEnvironment
from tests.contract.search_figures import (
    EVERYBODY,
    FiguresContract,
    FiguresEnvironment,
    FiguresOfManyContract,
)
from tests.contract.search_places import SHAPES, PlacesContract
from tests.contract.sql_databases import EITHER, database, on_postgres, postgres_database, sqlite_database
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_search import InMemoryProductSearch
from tests.fakes.in_memory_search_figures import InMemorySearchFigures
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


@asynccontextmanager
async def figures_environment(url: str, most_counted: int = MOST_COUNTED) -> AsyncIterator[FiguresEnvironment]:
    engine = create_async_engine_for(url)
    search = SqlProductSearch(engine, most_counted=most_counted, shapes=GeosShapes())
    try:
        yield FiguresEnvironment(
            unit_of_work=lambda: SqlUnitOfWork(engine), search=search, figures=SqlSearchFigures(search)
        )
    finally:
        await engine.dispose()


class TestInMemoryFigures(FiguresContract, PlacesContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        database = InMemoryDatabase()
        search = InMemoryProductSearch(database, GeosShapes())
        yield FiguresEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database), search=search, figures=InMemorySearchFigures(search)
        )


class TestSqliteFigures(FiguresContract, PlacesContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with sqlite_database() as url:
            async with figures_environment(url) as env:
                yield env


@on_postgres
class TestPostgresFigures(FiguresContract, PlacesContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with postgres_database() as url:
            async with figures_environment(url) as env:
                yield env


class TestSqliteFiguresOfMany(FiguresOfManyContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with sqlite_database() as url:
            async with figures_environment(url, most_counted=3) as env:
                yield env


@on_postgres
class TestPostgresFiguresOfMany(FiguresOfManyContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[FiguresEnvironment]:
        with postgres_database() as url:
            async with figures_environment(url, most_counted=3) as env:
                yield env


@pytest.mark.parametrize("kind", EITHER)
class TestLimits:
    """What is too much is refused, or left out as a whole."""

    pytestmark = pytest.mark.anyio

    @pytest.mark.parametrize(
        ("limits", "said"),
        [
            (PlaceLimits(products=3), None),
            (PlaceLimits(products=2), "More than 2 products"),
            (PlaceLimits(characters=90), "too large"),
        ],
    )
    async def test_a_place_where_too_much_may_lie_is_refused(self, kind, limits, said):
        with database(kind) as url:
            engine = create_async_engine_for(url)
            search = SqlProductSearch(engine, shapes=GeosShapes(), place_limits=limits)
            env = SearchEnvironment(unit_of_work=lambda: SqlUnitOfWork(engine), search=search)
            await env.prepare()
            diagonal = {"type": "LineString", "coordinates": [[0, 0], [9, 9]]}
            await env.hold([a_product(a_urn(number), geometry=diagonal) for number in (1, 2, 3)])
            request = attrs.evolve(EVERYBODY, criterion=Meets(SHAPES.read("POINT (5 5)")))
            try:
                if said is None:
                    assert (await search.page(request)).total == 3
                else:
                    with pytest.raises(QueryInvalid, match=said):
                        await search.page(request)
            finally:
                await engine.dispose()

    async def test_of_too_many_values_those_of_whole_products_are_counted(self, kind):
        with database(kind) as url:
            engine = create_async_engine_for(url)
            search = SqlProductSearch(engine, shapes=GeosShapes())
            env = SearchEnvironment(unit_of_work=lambda: SqlUnitOfWork(engine), search=search)
            await env.prepare()
            await env.hold([a_product(a_urn(number), properties={"a": [1, 2, 3]}) for number in (1, 2, 3)])
            async with search.asking(EVERYBODY) as asking:
                counted = attrs.evolve(await Counted.of(asking), most_values=7)
                found = await counted.values(Field("a"))
                (bounds,) = await field_bounds(counted, Field("a"))
            await engine.dispose()

        assert ([value.number for value in found.values], found.is_all) == ([1, 2, 3, 1, 2, 3], False)
        assert (bounds.lower, bounds.upper) == (1, 3)
