"""What every catalogue promises of items and their collections, as tests that each adapter inherits."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import attrs
import pytest

from application.ports.items import Candidates
from domain.access import Role
from domain.coverage import BoundingBox
from domain.items import Extent, ItemQuery, area_of
from domain.rights import MetadataLevel
from tests.catalogue_factories import a_caller, a_dataset_urn, a_group, a_product, a_right, a_urn
from tests.contract.catalogue import CatalogueEnvironment
from tests.factories import NOW, TENANT

DATASET, CLOSED = a_dataset_urn(1), a_dataset_urn(2)
READER = a_caller(groups=["readers"])
ADMINISTRATOR = a_caller(Role.PROJECT_ADMIN)


def a_scene(number: int, **more):
    """A point on the equator, measured so many days after the first one."""
    properties = {"datetime": (NOW + timedelta(days=number)).isoformat()}
    geometry = {"type": "Point", "coordinates": [number * 10, 0]}
    return a_product(a_urn(number), **{"datasets": [DATASET], "properties": properties, "geometry": geometry, **more})


class ItemContract:
    """Inherit, give it an ``environment``."""

    def environment(self) -> AbstractAsyncContextManager[CatalogueEnvironment]:
        raise NotImplementedError

    @pytest.fixture
    async def env(self):
        async with self.environment() as env:
            await env.prepare()
            await env.grant(
                a_group("readers"),
                a_group("lookers"),
                rights=[a_right("readers", DATASET), a_right("lookers", DATASET, MetadataLevel.RESTRICTED_ACCESS)],
            )
            await env.save(a_product(DATASET), a_product(CLOSED), *(a_scene(number) for number in range(1, 6)))
            await env.save(a_scene(6, datasets=[CLOSED]), a_scene(7, datasets=[]))
            yield env

    async def items(self, env, query=None, *, caller=READER, after=0, limit=100) -> Candidates:
        async with env.unit_of_work() as unit:
            return await unit.items.items(caller, query or ItemQuery(), after=after, limit=limit)

    async def numbers(self, env, query=None, **more) -> list[int]:
        return [found.urn.uuid.int for found in (await self.items(env, query, **more)).found]

    async def test_callers_find_what_they_see(self, env):
        assert await self.numbers(env) == [1, 2, 3, 4, 5]
        assert await self.numbers(env, caller=ADMINISTRATOR) == [1, 2, 3, 4, 5, 6, 7]
        assert await self.numbers(env, caller=a_caller(groups=["lookers"])) == []
        assert await self.numbers(env, caller=a_caller()) == []
        assert await self.numbers(env, caller=attrs.evolve(ADMINISTRATOR, tenant="other")) == []

    async def test_walking_on_misses_nothing(self, env):
        found, after = [], 0
        while True:
            page = await self.items(env, after=after, limit=2)
            found += [each.urn.uuid.int for each in page.found]
            if not page.has_more:
                break
            after = page.found[-1].place

        assert found == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("limit", [1, 2, 5])
    async def test_what_is_scattered_comes_in_order_too(self, env, limit):
        last, found = 2**63 - 1, []
        wanted, after, has_more = ItemQuery(start=NOW + timedelta(days=2)), 0, True
        while has_more:
            page = await self.items(env, wanted, after=after, limit=limit)
            found += [each.urn.uuid.int for each in page.found]
            after, has_more = page.found[-1].place, page.has_more

        assert found == [2, 3, 4, 5]
        assert await self.items(env, wanted, after=last) == Candidates()

    async def test_only_the_newest_version_is_an_item(self, env):
        newer = a_urn(2, version=2)
        await env.save(a_product(newer, datasets=[DATASET]))

        assert await self.numbers(env) == [1, 3, 4, 5, 2]
        by_id = await self.items(env, ItemQuery(ids=frozenset({newer.virtual_id})))
        assert [each.urn for each in by_id.found] == [newer]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (ItemQuery(ids=frozenset({a_urn(3), a_urn(6), a_urn(99)})), [3]),
            (ItemQuery(ids=frozenset()), []),
            (ItemQuery(datasets=frozenset({DATASET.virtual_id, CLOSED.virtual_id})), [1, 2, 3, 4, 5]),
            (ItemQuery(datasets=frozenset({CLOSED.virtual_id})), []),
            (ItemQuery(start=NOW + timedelta(days=4)), [4, 5]),
            (ItemQuery(end=NOW + timedelta(days=2)), [1, 2]),
            (ItemQuery(start=NOW + timedelta(days=2), end=NOW + timedelta(days=3)), [2, 3]),
            (ItemQuery(area=area_of(15, -1, 40, 1)), [2, 3, 4]),
            (ItemQuery(area=area_of(45, -1, 15, 1)), [1, 5]),
            (ItemQuery(area=area_of(15, 5, 40, 6)), []),
            (ItemQuery(ids=frozenset({a_urn(2), a_urn(3)}), area=area_of(25, -1, 40, 1)), [3]),
        ],
    )
    async def test_items_are_found_by_what_they_are(self, env, query, expected):
        assert await self.numbers(env, query) == expected

    async def test_datasets_are_found_by_those_who_see_them(self, env):
        async def seen(caller):
            async with env.unit_of_work() as unit:
                return [each.urn for each in (await unit.items.datasets(caller, after=0, limit=10)).found]

        assert await seen(READER) == [DATASET]
        assert await seen(a_caller(groups=["lookers"])) == [DATASET]
        assert await seen(ADMINISTRATOR) == [DATASET, CLOSED]
        assert await seen(a_caller()) == []

    async def test_datasets_are_surrounded_by_their_items(self, env):
        empty = a_dataset_urn(3).virtual_id
        async with env.unit_of_work() as unit:
            found = await unit.items.extents(TENANT, [DATASET.virtual_id, empty])

        assert found == {
            DATASET.virtual_id: Extent(
                box=BoundingBox(west=10, south=0, east=50, north=0),
                start=NOW + timedelta(days=1),
                end=NOW + timedelta(days=5),
            )
        }
