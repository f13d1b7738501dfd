"""Searches under upstream's paths, with its envelope (contract-catalog sections 4.1 to 4.3)."""

import math
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from adapters.http.addresses import own_root, segment
from adapters.http.catalogue.names import dataset_of, urn_of
from adapters.http.catalogue.products import FEATURE_EXAMPLE
from adapters.http.documentation import operation
from application.ports.search import SearchRequest
from application.use_cases.search_catalogue import (
    CatalogueQuery,
    FoundFeature,
    FoundFeatures,
    ReadSeenProduct,
    SearchCatalogue,
)
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound
from domain.search import Field, QueryInvalid, Sorting, Touches
from domain.urn import EntityType, Urn

BASE = "/engines/legacy"
KINDS: dict[str, frozenset[EntityType]] = {
    "entities": frozenset(),
    "dataobjects": frozenset({EntityType.DATA}),
    "datasets": frozenset({EntityType.DATASET}),
    "collections": frozenset({EntityType.COLLECTION}),
}
_PATHS = {EntityType.DATA: "dataobjects", EntityType.DATASET: "datasets", EntityType.COLLECTION: "collections"}
_METRES_PER_DEGREE = 111_195.0
_FARTHEST = 10_000_000
"""Products that a page lies behind the first one: farther than anybody reads, and short of what counts overflow at."""

CallerDependency = NamedDependency[SkipValidation[Caller]]
SearchDependency = NamedDependency[SkipValidation[SearchCatalogue]]
ReadDependency = NamedDependency[SkipValidation[ReadSeenProduct]]
AnyRequest = Request[Any, Any, Any]

Query = Annotated[str, QueryParameter(description="A query in upstream's subset of Lucene's language.")]
Page = Annotated[int, QueryParameter(ge=0, le=_FARTHEST, description="Counts from 0.")]
Size = Annotated[int, QueryParameter(ge=1, le=1000, description="Products on one page.")]
Sort = Annotated[list[str] | None, QueryParameter(description="`property` or `property,DESC`; repeatable.")]
Place = Annotated[str | None, QueryParameter(description="west,south,east,north in degrees.")]
Degrees = Annotated[float | None, QueryParameter(description="In degrees, together with the others of lon, lat, r.")]
Metres = Annotated[float | None, QueryParameter(ge=0, description="Metres around lon and lat.")]
Geometry = Annotated[str | None, QueryParameter(description="Not known here; use bbox, or lon, lat and r.")]

_LINKS = [{"rel": "self", "href": f"https://archive.example.org{BASE}/dataobjects/{FEATURE_EXAMPLE['id']}"}]
_ITEM = {"content": FEATURE_EXAMPLE, "links": _LINKS}
_EXAMPLE = {
    "metadata": {"size": 20, "number": 0, "totalElements": 1, "totalPages": 1},
    "content": [_ITEM],
    "links": [{"rel": "self", "href": f"https://archive.example.org{BASE}/dataobjects/search?q=model%3Ascene"}],
    "facets": [],
}


class Metadata(msgspec.Struct):
    """Where in what was found this page is."""

    size: int
    number: int
    total_elements: int = msgspec.field(name="totalElements")
    total_pages: int = msgspec.field(name="totalPages")


class Envelope(msgspec.Struct):
    """One page of products."""

    metadata: Metadata
    content: list[dict[str, Any]]
    links: list[dict[str, str]]
    facets: list[dict[str, Any]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PUBLIC, tag="search", **more)


def _search_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/search",
        **_operation(f"search_{name}", f"Search {name}", answer=Envelope, example=_EXAMPLE),
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
    ) -> Envelope:
        """What you see of what the query finds. `totalElements` is exact up to 10,000, then at least as many."""
        place = _place(bbox, (lon, lat, r), g)
        scope = _scope(caller, kinds, page=page, size=size, sort=sort or [])
        query = CatalogueQuery(text=q, place=place, scope=scope)
        return _envelope(request, await search_catalogue.execute(query), page=page, size=size)

    return search


def _values_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/search/properties/{{property_name:str}}/values",
        **_operation(f"values_{name}", f"List values of a property of {name}", answer=list[str], example=["scene"]),
    )
    async def values(
        property_name: FromPath[str],
        caller: CallerDependency,
        search_catalogue: SearchDependency,
        q: Query = "",
        max_count: Annotated[int, QueryParameter(name="maxCount", ge=1, le=1000)] = 100,
        partial_text: Annotated[str | None, QueryParameter(name="partialText")] = None,
    ) -> list[str]:
        """The texts that are found most often, most often first."""
        query = CatalogueQuery(text=q, place=None, scope=SearchRequest(caller=caller, kinds=kinds))
        path = _field(property_name).path
        found = await search_catalogue.values(query, path, limit=max_count, part=partial_text)
        return [each.value for each in found]

    return values


def _read_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/{{urn:str}}",
        **_operation(
            f"read_{name}", f"Look at one of the {name}", answer=dict[str, Any], example=_ITEM, problems=(404,)
        ),
    )
    async def read(
        request: AnyRequest, urn: FromPath[str], caller: CallerDependency, read_seen_product: ReadDependency
    ) -> dict[str, Any]:
        """404 for one that is not shown to you, as for one that does not exist."""
        wanted = urn_of(urn)
        if kinds and wanted.entity_type not in kinds:
            raise NotFound(f"{wanted} is none of the {name}.")
        return _item(request, await read_seen_product.execute(caller, wanted))

    return read


@get(
    BASE + "/datasets/{urn:str}/dataobjects/search",
    **_operation("search_dataset", "Search the data objects of a dataset", answer=Envelope, example=_EXAMPLE),
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
) -> Envelope:
    """As the search of data objects, among those of one dataset, in any version of it."""
    scope = _scope(caller, KINDS["dataobjects"], page=page, size=size, sort=sort or [], dataset=dataset_of(urn))
    query = CatalogueQuery(text=q, place=_place(bbox, (lon, lat, r), g), scope=scope)
    return _envelope(request, await search_catalogue.execute(query), page=page, size=size)


def _scope(
    caller: Caller,
    kinds: frozenset[EntityType],
    *,
    page: int,
    size: int,
    sort: Iterable[str],
    dataset: Urn | None = None,
) -> SearchRequest:
    if page * size > _FARTHEST:
        raise QueryInvalid(f"No page lies more than {_FARTHEST} products behind the first.")
    sorting = tuple(_sorting(text) for text in sort)
    return SearchRequest(caller=caller, kinds=kinds, dataset=dataset, sorting=sorting, offset=page * size, limit=size)


def _sorting(text: str) -> Sorting:
    name, _, direction = text.partition(",")
    if direction.upper() not in {"", "ASC", "DESC"}:
        raise QueryInvalid(f"An order is ASC or DESC, as in label,DESC; {direction!r} is neither.")
    return Sorting(field=_field(name), is_descending=direction.upper() == "DESC")


def _field(name: str) -> Field:
    try:
        return Field.named(name.strip())
    except InvalidValue as error:
        raise QueryInvalid(str(error)) from error


def _place(
    bbox: str | None, around: tuple[float | None, float | None, float | None], wkt: str | None
) -> Touches | None:
    if wkt is not None:
        raise QueryInvalid("Geometries in WKT (g) are not known here; ask by bbox, or by lon, lat and r.")
    longitude, latitude, metres = around
    try:
        if longitude is not None and latitude is not None and metres is not None:
            return _around(longitude, latitude, metres)
        if any(value is not None for value in around):
            raise QueryInvalid("lon, lat and r come together.")
        if bbox is None:
            return None
        west, south, east, north = (float(part) for part in bbox.split(","))
        return Touches(west=west, south=south, east=east, north=north)
    except ValueError as error:
        raise QueryInvalid("bbox has four numbers: west,south,east,north in degrees.") from error
    except InvalidValue as error:
        raise QueryInvalid(str(error)) from error


def _around(longitude: float, latitude: float, metres: float) -> Touches:
    """The box around a circle."""
    Touches(west=longitude, south=latitude, east=longitude, north=latitude)
    high = min(metres / _METRES_PER_DEGREE, 180.0)
    south, north = max(-90.0, latitude - high), min(90.0, latitude + high)
    narrowest = math.cos(math.radians(max(abs(south), abs(north))))
    wide = 180.0 if narrowest < 1e-9 else high / narrowest
    if wide >= 180:
        return Touches(west=-180, south=south, east=180, north=north)
    west, east = longitude - wide, longitude + wide
    return Touches(
        west=west + 360 if west < -180 else west,
        south=south,
        east=east - 360 if east > 180 else east,
        north=north,
    )


def _envelope(request: AnyRequest, found: FoundFeatures, *, page: int, size: int) -> Envelope:
    pages = -(-found.total // size)
    links = [{"rel": "self", "href": _address(request, page)}]
    if page > 0:
        links.append({"rel": "prev", "href": _address(request, page - 1)})
    if page + 1 < pages:
        links.append({"rel": "next", "href": _address(request, page + 1)})
    return Envelope(
        metadata=Metadata(size=size, number=page, total_elements=found.total, total_pages=pages),
        content=[_item(request, item) for item in found.items],
        links=links,
        facets=[],
    )


def _address(request: AnyRequest, page: int) -> str:
    """Where a page of the same search is; a token in the address is not repeated."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"page", "token"}]
    path = "/".join(segment(part) for part in request.url.path.split("/"))
    return f"{own_root(request)}{path}?{urlencode([*kept, ('page', str(page))])}"


def _item(request: AnyRequest, found: FoundFeature) -> dict[str, Any]:
    root = own_root(request)
    urn = segment(str(found.product.urn))
    path = f"{root}{BASE}/{_PATHS[found.product.entity_type]}/{urn}"
    links = [{"rel": "self", "href": path}]
    feature: dict[str, Any] = dict(found.feature)
    if found.product.entity_type is EntityType.DATASET:
        feature["dataObjectsFilesAccessGranted"] = found.has_data_right
        if found.has_data_right:
            members = f"{root}{BASE}/datasets/{urn}/dataobjects/search"
            links += [{"rel": rel, "href": members} for rel in ("dataobjects", "dataobjects-files")]
    files: dict[str, list[dict[str, Any]]] = feature["files"]
    feature["files"] = {
        data_type: [_file(file, f"{root}/downloads/{urn}/files/", found.online) for file in listed]
        for data_type, listed in files.items()
    }
    return {"content": feature, "links": links}


def _file(file: dict[str, Any], root: str, online: frozenset[str]) -> dict[str, Any]:
    checksum = file.get("checksum")
    if file.get("reference"):
        return {**file, "online": False}
    return {**file, "uri": root + segment(str(checksum)), "online": checksum in online}


route_handlers = (
    *(_search_route(name, kinds) for name, kinds in KINDS.items()),
    *(_values_route(name, kinds) for name, kinds in KINDS.items()),
    *(_read_route(name, kinds) for name, kinds in KINDS.items()),
    search_dataset,
)
