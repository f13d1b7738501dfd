"""What every search over the catalogue promises: the answers of the reference, and no more than the caller sees."""

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.ports.search import FARTHEST, ProductSearch, SearchRequest
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from domain.search import (
    AllOf,
    AnyOf,
    Between,
    Equals,
    Exists,
    Field,
    FitsExpression,
    HasWords,
    Like,
    Not,
    Overlaps,
    QueryInvalid,
    Sorting,
    Touches,
)
from domain.urn import EntityType
from tests.catalogue_factories import a_caller, a_dataset_urn, a_group, a_product, a_right, a_urn, an_entry
from tests.factories import NOW, TENANT
from tests.search_reference import found_among
from tests.search_strategies import criteria, searched_products, sortings

GROUPS = ("readers", "writers")
RIGHTS = (
    a_right("readers", a_dataset_urn(1)),
    a_right("readers", a_dataset_urn(2), files=FileLevel.NO_ACCESS),
    a_right("writers", a_dataset_urn(3)),
)
CALLERS = (
    a_caller(Role.PROJECT_ADMIN),
    a_caller(groups=["readers"]),
    a_caller(groups=GROUPS),
    a_caller(groups=[]),
)


@attrs.frozen(kw_only=True)
class SearchEnvironment:
    """A unit of work and a search, on one state."""

    unit_of_work: UnitOfWorkFactory
    search: ProductSearch

    async def prepare(self) -> None:
        async with self.unit_of_work() as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.access.save_groups([a_group(name) for name in GROUPS])
            await unit.access.save_rights(RIGHTS)
            await unit.commit()

    async def hold(self, products) -> list:
        """These products and no others; as they are kept."""
        async with self.unit_of_work() as unit:
            page = await unit.products.page(TENANT, entity_type=None, dataset=None, after=None, limit=1000)
            await unit.products.remove(TENANT, [product.urn for product in page.products])
            await unit.products.save(products)
            await unit.commit()
        async with self.unit_of_work() as unit:
            page = await unit.products.page(TENANT, entity_type=None, dataset=None, after=None, limit=1000)
        return list(page.products)

    async def labels(self, criterion, **more) -> list[str]:
        request = SearchRequest(caller=a_caller(Role.PROJECT_ADMIN), criterion=criterion, limit=100, **more)
        return [item.product.label for item in (await self.search.page(request)).items]


A, LABEL = Field("a"), Field("label")


class SearchContract:
    """Subclass it in a ``test_*.py`` module and give it an environment."""

    pytestmark = pytest.mark.anyio

    def environment(self) -> AbstractAsyncContextManager[SearchEnvironment]:
        """An empty world, torn down on leaving."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[SearchEnvironment]:
        async with self.environment() as env:
            await env.prepare()
            yield env

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(searched_products(), max_size=12, unique_by=lambda product: product.urn),
        st.lists(criteria, min_size=8, max_size=12),
        st.lists(sortings, min_size=1, max_size=4),
    )
    async def test_a_search_finds_what_the_reference_finds(self, env, products, asked, orders):
        kept = await env.hold(products)
        for place, criterion in enumerate(asked):
            caller, sorting = CALLERS[place % len(CALLERS)], orders[place % len(orders)]
            dataset = a_dataset_urn(1) if place % 5 == 4 else None
            kinds = frozenset({EntityType.DATA}) if place % 3 == 2 else frozenset()
            expected = found_among(kept, caller, RIGHTS, criterion, kinds=kinds, dataset=dataset, sorting=sorting)
            request = SearchRequest(
                caller=caller, criterion=criterion, kinds=kinds, dataset=dataset, sorting=sorting, limit=100
            )
            page = await env.search.page(request)

            assert [str(item.product.urn) for item in page.items] == [str(product.urn) for product in expected], (
                criterion,
                sorting,
                caller,
            )
            assert page.total == len(expected)
            part = await env.search.page(attrs.evolve(request, offset=1, limit=2))
            assert [item.product.urn for item in part.items] == [product.urn for product in expected[1:3]]

    @pytest.mark.parametrize(
        ("criterion", "found"),
        [
            (HasWords(LABEL, "étoile"), ["L'Étoile (polaire)"]),
            (HasWords(LABEL, "POLAIRE l"), ["L'Étoile (polaire)"]),
            (HasWords(LABEL, "étoil"), []),
            (Equals(LABEL, "L'Étoile (polaire)"), ["L'Étoile (polaire)"]),
            (Equals(LABEL, "l'étoile (polaire)"), []),
            (Like(LABEL, "l'ÉTOILE*"), ["L'Étoile (polaire)"]),
            (Like(LABEL, "100?_*"), ["100%_sure"]),
            (Like(LABEL, "100\\?*"), []),
            (FitsExpression(LABEL, "100%_(sure|not)"), ["100%_sure"]),
            (FitsExpression(LABEL, "[0-9]{3}.+"), ["100%_sure"]),
            (FitsExpression(LABEL, "SURE"), []),
            (Between(field=A, lower="2", upper="10"), ["100%_sure", "L'Étoile (polaire)"]),
            (Between(field=A, lower="2", upper="10", includes_upper=False), ["L'Étoile (polaire)"]),
            (Between(field=A, lower="-1e3", upper=None), ["100%_sure", "L'Étoile (polaire)"]),
            (Between(field=Field("t"), lower="2020-01-01", upper="2020-12-31"), ["L'Étoile (polaire)"]),
            (Between(field=Field("t"), lower=None, upper="2020-12-30"), []),
            (Equals(A, "3.50"), ["L'Étoile (polaire)"]),
            (Exists(Field("deep.er")), ["100%_sure"]),
            (HasWords(Field("deep.er"), "two"), ["100%_sure"]),
            (HasWords(Field("flag"), "true"), ["100%_sure"]),
            (Equals(Field("rawdata"), "scene.tif"), ["L'Étoile (polaire)"]),
            (HasWords(Field("tags"), "blue"), ["100%_sure"]),
            (HasWords(Field("last"), "false"), []),
            (Touches(west=170, south=-10, east=-170, north=10), ["100%_sure"]),
            (Touches(west=1, south=43, east=2, north=44), ["L'Étoile (polaire)"]),
            (Overlaps(start=None, end=NOW), []),
            (AnyOf(()), []),
            (Not(AnyOf((HasWords(LABEL, "sure"), Exists(Field("nothing"))))), ["L'Étoile (polaire)"]),
            (
                AnyOf((Exists(Field("flag")), AllOf((Exists(A), Not(HasWords(Field("tags"), "blue")))))),
                ["100%_sure", "L'Étoile (polaire)"],
            ),
        ],
    )
    async def test_each_criterion_has_its_meaning(self, env, criterion, found):
        star = a_product(
            a_urn(1),
            label="L'Étoile (polaire)",
            properties={"a": 3.5, "t": "2020-12-31T23:59:59.5Z"},
            geometry={"type": "Point", "coordinates": [1.5, 43.5]},
            files=[an_entry()],
        )
        sure = a_product(
            a_urn(2),
            label="100%_sure",
            properties={"a": 10, "deep": {"er": ["One", "Two"]}, "flag": True},
            geometry={"type": "Point", "coordinates": [-175, 0]},
            files=[an_entry(data_type=DataType.THUMBNAIL)],
            tags=["blue"],
        )
        await env.hold([star, sure])

        assert sorted(await env.labels(criterion)) == found

    async def test_pages_follow_one_another(self, env):
        await env.hold([a_product(a_urn(number), properties={"a": number % 3}) for number in range(1, 8)])
        request = SearchRequest(
            caller=a_caller(Role.PROJECT_ADMIN), sorting=(Sorting(field=A, is_descending=True),), limit=3
        )
        pages = [await env.search.page(attrs.evolve(request, offset=offset)) for offset in (0, 3, 6, 9)]

        assert [len(page.items) for page in pages] == [3, 3, 1, 0]
        # Whoever pages by the total comes to the end, also where it is not known.
        for page, offset in zip(pages, (0, 3, 6, 9), strict=True):
            assert page.total == 7 or (page.is_counted_out and (page.total > offset + 3) == (offset < 4))
        numbers = [item.product.urn.uuid.int for page in pages for item in page.items]
        assert numbers == [2, 5, 1, 4, 7, 3, 6]

    async def test_very_many_are_read_on_behind_the_last_one(self, env):
        await env.hold([a_product(a_urn(number)) for number in range(1, 6)])
        administrator = a_caller(Role.PROJECT_ADMIN)
        with pytest.raises(QueryInvalid, match="q=id:"):
            SearchRequest(caller=administrator, offset=FARTHEST + 1)

        found: list[str] = [""]
        while len(found) < 6:
            behind = Between(field=Field("id"), lower=found[-1], upper=None, includes_lower=False)
            page = await env.search.page(SearchRequest(caller=administrator, criterion=behind, limit=2))
            found += [str(item.product.urn) for item in page.items]

        assert found[1:] == sorted(str(a_urn(number)) for number in range(1, 6))

    async def test_names_of_protected_files_are_found_by_those_who_may_have_them(self, env):
        await env.hold(
            [
                a_product(a_urn(1), files=[an_entry()], datasets=[a_dataset_urn(1)]),
                a_product(a_urn(2), files=[an_entry()], datasets=[a_dataset_urn(2)]),
            ]
        )
        request = SearchRequest(caller=a_caller(groups=["readers"]), criterion=HasWords(Field("rawdata"), "scene"))
        named = await env.search.page(request)
        listed = await env.search.page(attrs.evolve(request, criterion=AllOf(())))

        assert [item.product.urn for item in named.items] == [a_urn(1)]
        assert [(item.product.urn, item.has_data_right) for item in listed.items] == [
            (a_urn(1), True),
            (a_urn(2), False),
        ]

    async def test_an_expression_that_stalls_other_engines_answers(self, env):
        await env.hold([a_product(a_urn(1), label="a" * 60 + "!")])

        assert await env.labels(FitsExpression(LABEL, "(a|a)*(a*)*b")) == []
        assert await env.labels(Like(LABEL, "*a" * 40 + "*b")) == []

    async def test_the_widest_values_fit_into_every_index(self, env):
        chance = random.Random(1)
        path, value = ("".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(200)) for _ in range(2))
        await env.hold([a_product(a_urn(1), label="wide", properties={path: value})])

        assert await env.labels(Equals(Field(path), value)) == ["wide"]

    async def test_what_is_replaced_or_removed_is_found_no_more(self, env):
        await env.hold([a_product(a_urn(1), label="before"), a_product(a_urn(2), label="gone")])
        await env.hold([a_product(a_urn(1), label="after")])

        assert await env.labels(HasWords(LABEL, "before")) == []
        assert await env.labels(HasWords(LABEL, "gone")) == []
        assert await env.labels(HasWords(LABEL, "after")) == ["after"]
