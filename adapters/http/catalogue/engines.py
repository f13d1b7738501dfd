"""Searches under upstream's paths, with its envelope (contract-catalog sections 4.1 to 4.3)."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from adapters.http.catalogue.envelopes import (
    BASE,
    ENVELOPE_EXAMPLE,
    ITEM_EXAMPLE,
    AnyRequest,
    Envelope,
    envelope,
    item,
)
from adapters.http.catalogue.names import dataset_of, urn_of
from adapters.http.catalogue.search_parameters import (
    Degrees,
    Facets,
    Geometry,
    Metres,
    Page,
    Place,
    Query,
    Size,
    Sort,
    asked_of,
    fields_of,
    scope_of,
)
from adapters.http.documentation import operation
from application.use_cases.catalogue_query import CatalogueQuery
from application.use_cases.search_catalogue import ReadSeenProduct, SearchCatalogue
from domain.access import Caller, Role
from domain.errors import NotFound
from domain.urn import EntityType

KINDS: dict[str, frozenset[EntityType]] = {
    "entities": frozenset(),
    "dataobjects": frozenset({EntityType.DATA}),
    "datasets": frozenset({EntityType.DATASET}),
    "collections": frozenset({EntityType.COLLECTION}),
}

CallerDependency = NamedDependency[SkipValidation[Caller]]
SearchDependency = NamedDependency[SkipValidation[SearchCatalogue]]
ReadDependency = NamedDependency[SkipValidation[ReadSeenProduct]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PUBLIC, tag="search", **more)


def _search_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/search",
        **_operation(f"search_{name}", f"Search {name}", answer=Envelope, example=ENVELOPE_EXAMPLE),
    )
    async def search(
        request: AnyRequest,
        caller: CallerDependency,
        search_catalogue: SearchDependency,
        q: Query = "",
        page: Page = 0,
        size: Size = 20,
        sort: Sort = None,
        bbox: Place = None,
        lon: Degrees = None,
        lat: Degrees = None,
        r: Metres = None,
        g: Geometry = None,
        facets: Facets = None,
    ) -> Envelope:
        """What you see of what the query finds. `totalElements` is exact up to 10,000, then at least as many."""
        scope = scope_of(caller, kinds, page=page, size=size, sort=sort or [])
        query = CatalogueQuery(asked=asked_of(q, bbox, (lon, lat, r), g), scope=scope)
        return await _page(request, search_catalogue, query, page=page, size=size, facets=facets)

    return search


def _read_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/{{urn:str}}",
        **_operation(
            f"read_{name}", f"Look at one of the {name}", answer=dict[str, Any], example=ITEM_EXAMPLE, problems=(404,)
        ),
    )
    async def read(
        request: AnyRequest, urn: FromPath[str], caller: CallerDependency, read_seen_product: ReadDependency
    ) -> dict[str, Any]:
        """404 for one that is not shown to you, as for one that does not exist."""
        wanted = urn_of(urn)
        if kinds and wanted.entity_type not in kinds:
            raise NotFound(f"{wanted} is none of the {name}.")
        return item(request, await read_seen_product.execute(caller, wanted))

    return read


@get(
    BASE + "/datasets/{urn:str}/dataobjects/search",
    **_operation("search_dataset", "Search the data objects of a dataset", answer=Envelope, example=ENVELOPE_EXAMPLE),
)
async def search_dataset(
    request: AnyRequest,
    urn: FromPath[str],
    caller: CallerDependency,
    search_catalogue: SearchDependency,
    q: Query = "",
    page: Page = 0,
    size: Size = 20,
    sort: Sort = None,
    bbox: Place = None,
    lon: Degrees = None,
    lat: Degrees = None,
    r: Metres = None,
    g: Geometry = None,
    facets: Facets = None,
) -> Envelope:
    """As the search of data objects, among those of one dataset, in any version of it."""
    scope = scope_of(caller, KINDS["dataobjects"], page=page, size=size, sort=sort or [], dataset=dataset_of(urn))
    query = CatalogueQuery(asked=asked_of(q, bbox, (lon, lat, r), g), scope=scope)
    return await _page(request, search_catalogue, query, page=page, size=size, facets=facets)


@get(
    BASE + "/dataobjects/datasets/search",
    **_operation(
        "search_datasets_of_dataobjects",
        "Search the datasets of data objects",
        answer=Envelope,
        example=ENVELOPE_EXAMPLE,
    ),
)
async def search_datasets_of_dataobjects(
    request: AnyRequest,
    caller: CallerDependency,
    search_catalogue: SearchDependency,
    q: Query = "",
    page: Page = 0,
    size: Size = 20,
    sort: Sort = None,
    bbox: Place = None,
    lon: Degrees = None,
    lat: Degrees = None,
    r: Metres = None,
    g: Geometry = None,
) -> Envelope:
    """The datasets that you see and that have at least one data object which the query finds; `sort` is theirs."""
    scope = scope_of(caller, KINDS["dataobjects"], page=page, size=size, sort=sort or [])
    query = CatalogueQuery(asked=asked_of(q, bbox, (lon, lat, r), g), scope=scope)
    return envelope(request, await search_catalogue.datasets(query), page=page, size=size)


async def _page(
    request: AnyRequest,
    search_catalogue: SearchCatalogue,
    query: CatalogueQuery,
    *,
    page: int,
    size: int,
    facets: list[str] | None,
) -> Envelope:
    """What a query finds, with the facets that are asked for."""
    names = fields_of(facets or [])
    found = await search_catalogue.execute(query, tuple(names))
    return envelope(request, found, page=page, size=size, names=names)


route_handlers = (
    *(_search_route(name, kinds) for name, kinds in KINDS.items()),
    *(_read_route(name, kinds) for name, kinds in KINDS.items()),
    search_dataset,
    search_datasets_of_dataobjects,
)
