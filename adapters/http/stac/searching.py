"""The search over all collections, by GET and by POST."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation

from adapters.http.payloads import Payload
from adapters.http.stac.answers import (
    After,
    Box,
    FormatDependency,
    Limit,
    Names,
    When,
    answer,
    items_document,
    next_page,
    stac_operation,
)
from adapters.http.stac.browsing import ITEMS_EXAMPLE
from adapters.http.stac.links import GEO_JSON, Addresses, link
from adapters.http.stac.queries import geometry, limited, listed, numbers, place_of, query_of, refuse_others
from application.use_cases.browse_items import SearchItems
from domain.access import Caller

SearchDependency = NamedDependency[SkipValidation[SearchItems]]


class StacSearch(Payload):
    """What is searched for; all that is said holds. Members of extensions of STAC's search are refused."""

    ids: Annotated[list[str] | None, msgspec.Meta(description="URNs of products.")] = None
    collections: Annotated[list[str] | None, msgspec.Meta(description="URNs of datasets.")] = None
    bbox: Annotated[
        list[float] | None,
        msgspec.Meta(description="West, south, east, north; west greater than east crosses the antimeridian."),
    ] = None
    datetime: Annotated[str | None, msgspec.Meta(description="An instant, or two with a slash between.")] = None
    intersects: Annotated[dict[str, Any] | None, msgspec.Meta(description="A GeoJSON geometry.")] = None
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    after: Annotated[str | None, msgspec.Meta(description="As the link to the next page has it.")] = None


@get(
    "/stac/search",
    **stac_operation("stacSearch", "Search items", GEO_JSON, example=ITEMS_EXAMPLE),
)
async def search_by_address(
    request: Request[Caller, Any, Any],
    search_items: SearchDependency,
    item_format: FormatDependency,
    ids: Names = None,
    collections: Names = None,
    bbox: Box = None,
    when: When = None,
    intersects: Annotated[str | None, QueryParameter(description="A GeoJSON geometry, as JSON.")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response[Any]:
    """All that is said holds. Boxes and areas are compared with the geometries themselves, not with their boxes."""
    refuse_others(request.query_params, {"ids", "collections", "bbox", "datetime", "intersects", "limit", "after"})
    query = query_of(
        ids=listed(ids),
        collections=listed(collections),
        bbox=numbers(bbox),
        when=when,
        intersects=geometry(intersects),
    )
    addresses = Addresses.of(request)
    page = await search_items.execute(request.user, query, after=place_of(after), limit=limited(limit))
    asked = {
        "ids": ids,
        "collections": collections,
        "bbox": bbox,
        "datetime": when,
        "intersects": intersects,
        "limit": None if limit is None else str(limited(limit)),
    }
    said = {name: value for name, value in asked.items() if value is not None}
    links = [link("self", addresses.to("search", **said), GEO_JSON)]
    if page.next_after is not None:
        href = addresses.to("search", **said, after=str(page.next_after))
        links.append(next_page(href, method="GET"))
    return answer(items_document(page, addresses, item_format, *links), GEO_JSON)


LARGEST_SEARCH_BYTES = 1024 * 1024


@post(
    "/stac/search",
    request_max_body_size=LARGEST_SEARCH_BYTES,
    **stac_operation("stacSearchByBody", "Search items with a body", GEO_JSON, example=ITEMS_EXAMPLE),
)
async def search_by_body(
    request: Request[Caller, Any, Any],
    data: JSONBody[StacSearch],
    search_items: SearchDependency,
    item_format: FormatDependency,
) -> Response[Any]:
    """The same search; the link to the next page says what to add to the body."""
    query = query_of(
        ids=data.ids,
        collections=data.collections,
        bbox=data.bbox,
        when=data.datetime,
        intersects=data.intersects,
    )
    addresses = Addresses.of(request)
    page = await search_items.execute(request.user, query, after=place_of(data.after), limit=limited(data.limit))
    links = []
    if page.next_after is not None:
        onwards = {"after": str(page.next_after)}
        links.append(next_page(addresses.to("search"), method="POST", body=onwards, merge=True))
    return answer(items_document(page, addresses, item_format, *links), GEO_JSON)


route_handlers = (search_by_address, search_by_body)
