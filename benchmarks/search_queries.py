"""What the benchmark of searches asks: the queries of docs/search.md, and others that stress the same code."""

import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import attrs
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.query.lucene import parse
from adapters.system.clock import SystemClock
from application.ports.search import FARTHEST, SearchRequest
from application.use_cases.browse_items import BrowseCollections, SearchItems
from benchmarks.search_data import (
    FEW,
    FIRST,
    FIRST_SCENE,
    GRANTED,
    PLATFORMS,
    QUALITIES,
    READERS,
    RETIRED,
    SMALL,
    TENANT,
    TITLES,
    dataset_urn,
)
from domain.access import Caller, Role
from domain.items import ItemQuery, area_of
from domain.search import AllOf, Criterion, Field, Sorting, Touches
from domain.urn import EntityType, Urn

READER = Caller(TENANT, "reader@example.org", Role.REGISTERED_USER, frozenset({READERS}))
CALLERS = {
    "half": READER,
    "few": Caller(TENANT, "few@example.org", Role.REGISTERED_USER, frozenset({FEW})),
    "all": Caller(TENANT, "admin@example.org", Role.PROJECT_ADMIN),
}
"""Callers by how much of the catalogue they see."""
GOAL_MS = 500

Ask = Callable[[random.Random, Caller], Awaitable[int]]


@attrs.frozen(kw_only=True)
class Query:
    """One kind of question, with values by chance; answers how many products are found, or are on the page.

    ``goal_ms`` is for its 99th percentile, for each caller; without one, its plan is not judged either.
    """

    name: str
    ask: Ask
    goal_ms: int | None = GOAL_MS


def queries(engine: AsyncEngine, products: int) -> Iterable[Query]:
    """All of them."""
    search = SqlProductSearch(engine)

    def legacy(write: Callable[[random.Random], Criterion], sorting: Iterable[Sorting] = (), offset: int = 0) -> Ask:
        async def ask(chance: random.Random, caller: Caller) -> int:
            kinds = frozenset({EntityType.DATA})
            request = SearchRequest(
                caller=caller, criterion=write(chance), kinds=kinds, sorting=tuple(sorting), offset=offset
            )
            return (await search.page(request)).total

        return ask

    def lucene(write: Callable[[random.Random], str], sorting: Iterable[Sorting] = (), offset: int = 0) -> Ask:
        return legacy(lambda chance: parse(write(chance)), sorting, offset)

    def item(write: Callable[[random.Random], ItemQuery], after: int = 0) -> Ask:
        async def ask(chance: random.Random, caller: Caller) -> int:
            found = SearchItems(lambda: SqlUnitOfWork(engine), SystemClock())
            return len((await found.execute(caller, write(chance), after=after)).items)

        return ask

    async def collections(_chance: random.Random, caller: Caller) -> int:
        browse = BrowseCollections(lambda: SqlUnitOfWork(engine), SystemClock())
        return len((await browse.execute(caller)).collections)

    newest = [Sorting(field=Field("datetime"), is_descending=True)]
    yield from (
        Query(name="1 two words", ask=lucene(lambda c: "title:({} AND {})".format(*c.sample(TITLES, 2)))),
        Query(name="2 name", ask=lucene(lambda c: f"providerId:scene-{FIRST_SCENE + c.randrange(products):07}")),
        Query(name="3 wildcard", ask=lucene(lambda c: f"rawdata:scene_{c.randrange(products // 1000 + 1):04}*")),
        Query(
            name="4 expression",
            ask=lucene(lambda c: f"orbit:{c.randrange(1, 5000)} AND region:/[a-e](sea|snow).+_[0-9]/"),
        ),
        Query(
            name="5 two ranges",
            ask=lucene(lambda c: f"cloud:[{(low := c.randrange(99))} TO {low}.5] AND orbit:[100 TO 200]"),
        ),
        Query(
            name="6 one day",
            ask=lucene(lambda c: f'datetime:[{(d := _day(c))} TO {d}] AND platform:"{c.choice(PLATFORMS)}"'),
        ),
        Query(name="7 place", ask=legacy(lambda c: AllOf((_box(c), parse("cloud:[0 TO 20]"))))),
        Query(name="8 not", ask=lucene(lambda c: f"orbit:{c.randrange(1, 5000)} AND NOT quality:good")),
        Query(
            name="9 one of",
            ask=lucene(lambda c: f"orbit:{c.randrange(1, 5000)} OR title:({c.choice(TITLES[:50])} AND icebed)"),
        ),
        Query(name="10 many, newest", ask=lucene(lambda c: f'platform:"{c.choice(PLATFORMS)}"', newest)),
        Query(name="one common word", ask=lucene(lambda c: f"title:{c.choice(TITLES)}")),
        Query(name="everything", ask=lucene(lambda _: "")),
        Query(name="everything, newest", ask=lucene(lambda _: "", newest)),
        Query(
            name="many, by a property with few values",
            ask=lucene(lambda c: f"quality:{c.choice(QUALITIES)}", [Sorting(field=Field("platform"))]),
        ),
        Query(name="many, newest of old ones", ask=lucene(lambda _: f'platform:"{RETIRED}"', newest), goal_ms=None),
        Query(name="everything, farthest page", ask=lucene(lambda _: "", offset=FARTHEST), goal_ms=None),
        Query(
            name="everything, newest, farthest page", ask=lucene(lambda _: "", newest, offset=FARTHEST), goal_ms=None
        ),
        Query(name="STAC: everything", ask=item(lambda _: ItemQuery())),
        Query(
            name="STAC: items of a collection",
            ask=item(lambda c: ItemQuery(datasets=_datasets(c)), after=products // 2),
        ),
        Query(name="STAC: an hour", ask=item(lambda c: _hours(c, 1))),
        Query(name="STAC: a month", ask=item(lambda c: _hours(c, 30 * 24))),
        Query(name="STAC: place", ask=item(lambda c: ItemQuery(area=_area(c)))),
        Query(name="STAC: place and a month", ask=item(lambda c: attrs.evolve(_hours(c, 30 * 24), area=_area(c)))),
        Query(name="STAC: collections", ask=collections, goal_ms=None),
    )


def _day(chance: random.Random) -> str:
    return (FIRST + timedelta(days=chance.randrange(4000))).strftime("%Y-%m-%d")


def _box(chance: random.Random) -> Touches:
    west, south = chance.uniform(-180, 178), chance.uniform(-80, 77)
    return Touches(west=west, south=south, east=west + 2, north=south + 2)


def _area(chance: random.Random) -> dict[str, object]:
    box = _box(chance)
    return area_of(box.west, box.south, box.east, box.north)


def _hours(chance: random.Random, hours: int) -> ItemQuery:
    start = FIRST + timedelta(days=chance.randrange(4000))
    return ItemQuery(start=start, end=start + timedelta(hours=hours))


def _datasets(chance: random.Random) -> frozenset[Urn]:
    """One that those who see half may see, and the small one."""
    return frozenset({dataset_urn(chance.randrange(1, GRANTED + 1)).virtual_id, dataset_urn(SMALL).virtual_id})
