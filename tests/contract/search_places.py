"""What a search by exact places promises: what meets them, on pages and with totals as of any other search."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.geometry.shapes import GeosShapes
from domain.places import Circle
from domain.search import AllOf, AnyOf, Exists, Field, Meets, Not, QueryInvalid, Touches
from tests.catalogue_factories import a_product, a_urn
from tests.contract.search_figures import EVERYBODY, SLOW, FiguresEnvironment
from tests.place_reference import geometry_of, meets
from tests.place_strategies import geometries, wkt_of

SHAPES = GeosShapes()


class PlacesContract:
    """Subclass it in a ``test_*.py`` module and give it an environment."""

    pytestmark = pytest.mark.anyio

    def environment(self) -> AbstractAsyncContextManager[FiguresEnvironment]:
        """An empty world, torn down on leaving."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[FiguresEnvironment]:
        async with self.environment() as env:
            await env.prepare()
            yield env

    @SLOW
    @given(st.lists(geometries | st.none(), max_size=8), st.lists(geometries, min_size=1, max_size=2))
    async def test_a_place_finds_what_meets_it_and_pages_follow_one_another(self, env, stored, asked):
        products = [a_product(a_urn(n), geometry=geometry) for n, geometry in enumerate(stored, start=1)]
        kept = await env.hold(products)
        shapes = [SHAPES.read(wkt_of(each)) for each in asked]
        criterion = AnyOf((*(Meets(shape) for shape in shapes), AllOf((Meets(shapes[0]), Exists(Field("a"))))))
        expected = {
            str(product.urn)
            for product in kept
            if product.geometry and any(_meets(shape, product.geometry) for shape in shapes)
        }
        request = attrs.evolve(EVERYBODY, criterion=criterion, limit=3)
        pages = [await env.search.page(attrs.evolve(request, offset=offset)) for offset in (0, 3, 6)]

        assert {str(item.product.urn) for page in pages for item in page.items} == expected
        assert all(page.total == len(expected) or page.is_counted_out for page in pages)

    async def test_a_place_is_exact_where_boxes_are_not(self, env):
        diagonal = {"type": "LineString", "coordinates": [[0, 0], [10, 10]]}
        cut = {"type": "MultiLineString", "coordinates": [[[178, 0], [180, 0]], [[-180, 0], [-178, 0]]]}
        await env.hold([a_product(a_urn(1), geometry=diagonal), a_product(a_urn(2), geometry=cut)])

        async def found(criterion):
            page = await env.search.page(attrs.evolve(EVERYBODY, criterion=criterion))
            return [item.product.urn for item in page.items]

        assert await found(Touches(west=8, south=0, east=9, north=2)) == [a_urn(1), a_urn(2)]
        assert await found(Meets(SHAPES.read("POLYGON ((8 0, 9 0, 9 2, 8 2, 8 0))"))) == []
        assert await found(Meets(SHAPES.read("POLYGON ((4 4, 6 4, 6 6, 4 6, 4 4))"))) == [a_urn(1)]
        assert await found(Meets(SHAPES.read("LINESTRING (179 -1, 181 1)"))) == [a_urn(2)]
        assert await found(Meets(Circle(longitude=177, latitude=0, metres=111_000))) == []
        assert await found(Meets(Circle(longitude=177, latitude=0, metres=112_000))) == [a_urn(2)]
        assert await found(Meets(Circle(longitude=-177, latitude=0, metres=112_000))) == [a_urn(2)]

    async def test_one_of_several_places_is_enough(self, env):
        points = [{"type": "Point", "coordinates": [number * 30, 0]} for number in (1, 2, 3)]
        await env.hold(
            [
                *(a_product(a_urn(number), geometry=point) for number, point in enumerate(points, start=1)),
                a_product(a_urn(4), properties={"a": 1}),
            ]
        )
        first, second = (Meets(Circle(longitude=number * 30, latitude=0, metres=1)) for number in (1, 2))

        async def found(criterion):
            page = await env.search.page(attrs.evolve(EVERYBODY, criterion=criterion))
            return [item.product.urn.uuid.int for item in page.items]

        assert await found(AnyOf((first, second))) == [1, 2]
        assert await found(AnyOf((first, Exists(Field("a"))))) == [1, 4]
        assert await found(AllOf((first, second))) == []

    async def test_a_place_counts_in_figures(self, env):
        point = {"type": "Point", "coordinates": [1, 1]}
        await env.hold(
            [
                a_product(a_urn(1), geometry=point, properties={"a": 1}),
                a_product(a_urn(2), geometry={"type": "Point", "coordinates": [2, 2]}, properties={"a": 2}),
            ]
        )
        request = attrs.evolve(EVERYBODY, criterion=Meets(SHAPES.read("POINT (1 1)")))

        assert [(each.lower, each.upper) for each in await env.figures.bounds(request, [Field("a")])] == [(1, 1)]

    async def test_a_place_is_never_negated(self, env):
        with pytest.raises(QueryInvalid):
            await env.search.page(attrs.evolve(EVERYBODY, criterion=Not(Meets(SHAPES.read("POINT (1 1)")))))


def _meets(shape, geometry) -> bool:
    if shape.wkt.startswith(("POINT", "LINESTRING", "POLYGON")):
        return meets(geometry_of(shape.wkt), geometry)
    return SHAPES.meeting([shape], [json.dumps(geometry)]) == [[True]]
