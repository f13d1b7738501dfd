"""What figures of a search promise: the answers of the reference, queries that find what was counted, no more than the
caller may know of."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.query.reader import LuceneQueries
from application.ports.search import SearchRequest
from application.ports.search_figures import SearchFigures
from domain.access import Role
from domain.facets import FacetType
from domain.file import DataType
from domain.rights import has_data_right
from domain.search import AllOf, Between, Exists, Field, HasWords
from domain.urn import EntityType
from tests.catalogue_factories import a_caller, a_dataset_urn, a_product, a_urn, an_entry
from tests.contract.search import CALLERS, RIGHTS, SearchEnvironment
from tests.figures_reference import attributes_in_common, bounds_of, facet_of, files_by_type, told_of, values_of
from tests.search_reference import found_among
from tests.search_strategies import criteria, searched_products

FIELDS = [
    Field(path)
    for path in ("a", "b", "deep.er", "été", "label", "tags", "rawdata", "model", "version", "last", "providerId", "no")
]
ATTRIBUTES = FIELDS[:4]
EVERYBODY = SearchRequest(caller=a_caller(Role.PROJECT_ADMIN))
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@attrs.frozen(kw_only=True)
class FiguresEnvironment(SearchEnvironment):
    """A search, and figures of what it finds."""

    figures: SearchFigures


class FiguresContract:
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
    @given(
        st.lists(searched_products(), max_size=10, unique_by=lambda product: product.urn),
        st.lists(criteria, min_size=3, max_size=4),
        st.sampled_from([None, "r", "3", "É", "%"]),
    )
    async def test_figures_are_those_of_the_reference(self, env, products, asked, part):
        kept = await env.hold(products)
        for place, criterion in enumerate(asked):
            caller = CALLERS[place % len(CALLERS)]
            found = found_among(kept, caller, RIGHTS, criterion)
            allowed = [product for product in found if has_data_right(caller, product, RIGHTS)]
            request = SearchRequest(caller=caller, criterion=criterion)

            facets = await env.figures.facets(request, FIELDS)
            assert facets == tuple(facet_of(told_of(found, allowed, field), field) for field in FIELDS)
            for field in (FIELDS[place], Field("rawdata"), Field("version")):
                values = await env.figures.values(request, field, limit=3, part=part)
                assert values == values_of(told_of(found, allowed, field), field, 3, part)
            assert await env.figures.bounds(request, ATTRIBUTES) == bounds_of(found, ATTRIBUTES)
            assert await env.figures.attributes(request) == attributes_in_common(found)
            summary = await env.figures.summary(request, frozenset(DataType))
            assert (summary.products, dict(summary.by_type)) == (
                len(found),
                files_by_type(found, allowed, frozenset(DataType)),
            )

    @SLOW
    @given(st.lists(searched_products(), max_size=10, unique_by=lambda product: product.urn), criteria)
    async def test_the_query_of_a_facet_finds_as_many_as_were_counted(self, env, products, criterion):
        queries = LuceneQueries()
        await env.hold(products)
        for caller in CALLERS:
            request = SearchRequest(caller=caller, criterion=criterion)
            for facet in await env.figures.facets(request, FIELDS):
                for value in facet.values:
                    read = queries.read(queries.narrowed("", value.criterion(facet.field)))
                    narrowed = attrs.evolve(request, criterion=AllOf((criterion, read)), limit=100)
                    page = await env.search.page(narrowed)
                    assert (page.total, len(page.items)) == (value.count, value.count), (facet, value)

    async def test_facets_of_each_type(self, env):
        await env.hold(
            [
                a_product(
                    a_urn(number),
                    properties={
                        "cloud": number * 10,
                        "at": f"2024-0{number}-01T00:00:00Z",
                        "flag": number == 1,
                        "platform": ["A", "B"] if number < 3 else "B",
                    },
                )
                for number in range(1, 5)
            ]
        )
        fields = [Field(name) for name in ("cloud", "at", "flag", "platform")]
        facets = await env.figures.facets(EVERYBODY, fields)

        assert [facet.type for facet in facets] == [
            FacetType.NUMERIC,
            FacetType.DATE,
            FacetType.BOOLEAN,
            FacetType.STRING,
        ]
        cloud, at, flag, platform = facets
        assert [(value.lower, value.upper, value.count) for value in cloud.values] == [
            (10, 15, 1),
            (20, 25, 1),
            (30, 35, 1),
            (35, 40, 1),
        ]
        assert sum(value.count for value in at.values) == 4
        assert [(value.text, value.count) for value in flag.values] == [("false", 3), ("true", 1)]
        assert [(value.text, value.count) for value in platform.values] == [("B", 4), ("A", 2)]

    async def test_a_text_counts_the_numbers_and_instants_that_its_query_finds(self, env):
        values = ["3", 3, "3.0", "x", "y", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"]
        await env.hold([a_product(a_urn(number), properties={"a": value}) for number, value in enumerate(values, 1)])
        (facet,) = await env.figures.facets(EVERYBODY, [Field("a")])

        assert [(value.text, value.count) for value in facet.values] == [
            ("2024-01-01T00:00:00Z", 2),
            ("2024-01-01T01:00:00+01:00", 2),
            ("3", 2),
            ("3.0", 2),
            ("x", 1),
            ("y", 1),
        ]
        assert facet.others == 0

    async def test_the_commonest_texts_are_listed_and_the_others_counted(self, env):
        await env.hold([a_product(a_urn(number), properties={"a": f"text {number % 25}"}) for number in range(1, 31)])
        (facet,) = await env.figures.facets(EVERYBODY, [Field("a")])

        assert len(facet.values) == 20
        assert sum(value.count for value in facet.values) + facet.others == 30

    async def test_values_of_an_attribute_are_counted(self, env):
        await env.hold(
            [
                a_product(a_urn(number), datasets=[a_dataset_urn(1)], properties={"a": values})
                for number, values in enumerate([["Red", "Red"], ["Red", "blue"], ["dark red", 5]], start=1)
            ]
        )
        request = SearchRequest(caller=a_caller(groups=["readers"]))
        every = await env.figures.values(request, Field("a"), limit=2)
        some = await env.figures.values(request, Field("a"), limit=9, part="RED")
        numbers = await env.figures.values(request, Field("a"), limit=9, part="5")
        none = await env.figures.values(SearchRequest(caller=a_caller()), Field("a"), limit=9)

        assert [(value.value, value.count) for value in every] == [("Red", 2), ("5", 1)]
        assert [(value.value, value.count) for value in some] == [("Red", 2), ("dark red", 1)]
        assert [(value.value, value.count) for value in numbers] == [("5", 1)]
        assert none == ()

    async def test_names_of_protected_files_count_for_those_who_may_have_them(self, env):
        await env.hold(
            [
                a_product(a_urn(1), files=[an_entry(file_name="open.tif")], datasets=[a_dataset_urn(1)]),
                a_product(a_urn(2), files=[an_entry(file_name="shut.tif")], datasets=[a_dataset_urn(2)]),
            ]
        )
        request, field = SearchRequest(caller=a_caller(groups=["readers"])), Field("rawdata")
        (facet,) = await env.figures.facets(request, [field])
        values = await env.figures.values(request, field, limit=9)
        summary = await env.figures.summary(request, frozenset(DataType))

        assert [value.text for value in facet.values] == ["open.tif"]
        assert [value.value for value in values] == ["open.tif"]
        assert (summary.products, summary.by_type[DataType.RAWDATA].files) == (2, 1)
        assert summary.by_type[DataType.RAWDATA].size_bytes == 1000

    async def test_datasets_of_what_is_found(self, env):
        await env.hold(
            [
                a_product(a_dataset_urn(1), label="one"),
                a_product(a_dataset_urn(2), label="two"),
                a_product(a_dataset_urn(3), label="three"),
                *(a_product(a_urn(n), datasets=[a_dataset_urn(1)], properties={"a": n}) for n in (1, 2)),
                a_product(a_urn(3), datasets=[a_dataset_urn(2), a_dataset_urn(3)], properties={"a": 3}),
            ]
        )
        request = SearchRequest(
            caller=a_caller(groups=["readers"]), criterion=Exists(Field("a")), kinds=frozenset({EntityType.DATA})
        )
        every = await env.figures.datasets(request)
        one = await env.figures.datasets(attrs.evolve(request, criterion=HasWords(Field("a"), "3")))
        none = await env.figures.datasets(attrs.evolve(request, caller=a_caller()))
        third = await env.figures.datasets(attrs.evolve(EVERYBODY, criterion=HasWords(Field("a"), "3")))

        assert [item.product.label for item in every.items] == ["one", "two"]
        assert [item.product.label for item in one.items] == ["two"]
        assert [item.product.label for item in third.items] == ["two", "three"]
        assert none.items == ()


class FiguresOfManyContract:
    """Where three products are counted: subclass it in a ``test_*.py`` module and give it an environment."""

    pytestmark = pytest.mark.anyio

    def environment(self) -> AbstractAsyncContextManager[FiguresEnvironment]:
        """An empty world, torn down on leaving."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[FiguresEnvironment]:
        async with self.environment() as env:
            await env.prepare()
            await env.hold(
                [
                    *(a_product(a_dataset_urn(number), label=f"dataset {number}") for number in (1, 2, 3)),
                    *(
                        a_product(
                            a_urn(number),
                            files=[an_entry()],
                            datasets=[a_dataset_urn(1 if number < 6 else 2)],
                            properties={"a": number, "at": f"202{number}-01-01T00:00:00Z", "b": [number, "x"]},
                        )
                        for number in range(1, 9)
                    ),
                ]
            )
            yield env

    async def test_facets_and_summaries_are_of_so_many_as_are_counted(self, env):
        request = attrs.evolve(EVERYBODY, criterion=Exists(Field("a")))
        (facet,) = await env.figures.facets(request, [Field("a")])
        summary = await env.figures.summary(request, frozenset(DataType))

        assert sum(value.count for value in facet.values) == 3
        assert (summary.products, summary.is_complete, summary.by_type[DataType.RAWDATA].files) == (3, False, 3)
        assert len(await env.figures.values(request, Field("a"), limit=9)) == 3
        assert [each.field.path for each in await env.figures.attributes(request)] == ["a", "at", "b"]

    async def test_bounds_are_exact_all_the_same(self, env):
        request = SearchRequest(caller=a_caller(groups=["readers"]), kinds=frozenset({EntityType.DATA}))
        narrowed = attrs.evolve(request, criterion=Between(field=Field("a"), lower="2", upper="7"))
        fields = [Field("a"), Field("at"), Field("b"), Field("no")]

        def shown(found):
            return [(each.field.path, each.type, str(each.lower)[:4], str(each.upper)[:4]) for each in found]

        assert shown(await env.figures.bounds(request, fields)) == [
            ("a", FacetType.NUMERIC, "1.0", "8.0"),
            ("at", FacetType.DATE, "2021", "2028"),
            ("b", FacetType.NUMERIC, "1.0", "8.0"),
        ]
        assert shown(await env.figures.bounds(narrowed, fields[:1])) == [("a", FacetType.NUMERIC, "2.0", "7.0")]

    async def test_every_dataset_of_a_found_product_is_found(self, env):
        request = attrs.evolve(EVERYBODY, kinds=frozenset({EntityType.DATA}))
        some = attrs.evolve(
            request,
            caller=a_caller(groups=["readers"]),
            criterion=Between(field=Field("a"), lower="2", upper="7"),
        )
        first = attrs.evolve(request, criterion=Between(field=Field("a"), lower=None, upper="5"))

        async def labels(request):
            return [item.product.label for item in (await env.figures.datasets(request)).items]

        assert await labels(request) == ["dataset 1", "dataset 2"]
        assert await labels(some) == ["dataset 1", "dataset 2"]
        assert await labels(first) == ["dataset 1"]
