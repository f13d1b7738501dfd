"""The landing page, collections and their items."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from adapters.http.catalogue.names import DATASET_EXAMPLE, PRODUCT_EXAMPLE
from adapters.http.stac.answers import (
    After,
    Box,
    FormatDependency,
    Limit,
    Names,
    When,
    answer,
    collection_document,
    item_document,
    items_document,
    next_page,
    stac_operation,
)
from adapters.http.stac.links import GEO_JSON, JSON, Addresses, link
from adapters.http.stac.queries import limited, listed, numbers, place_of, query_of, refuse_others
from application.use_cases.browse_items import BrowseCollections, ReadItem, SearchItems
from domain.access import Caller
from domain.errors import InvalidValue, NotFound
from domain.urn import Urn

CONFORMANCE = (
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)

ITEM_EXAMPLE = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "stac_extensions": ["https://stac-extensions.github.io/file/v2.1.0/schema.json"],
    "id": PRODUCT_EXAMPLE,
    "collection": DATASET_EXAMPLE,
    "geometry": {"type": "Point", "coordinates": [1.44, 43.6]},
    "bbox": [1.44, 43.6, 1.44, 43.6],
    "properties": {"datetime": "2026-01-31T12:00:00Z", "title": "A scene"},
    "assets": {
        "scene.tif": {
            "href": f"https://archive.example.org/downloads/{PRODUCT_EXAMPLE}/files/9e107d9d372bb6826bd81d3542a419d6",
            "title": "scene.tif",
            "type": "image/tiff",
            "roles": ["data"],
            "file:checksum": "d501109e107d9d372bb6826bd81d3542a419d6",
            "file:size": 190,
        }
    },
    "links": [{"rel": "root", "href": "https://archive.example.org/stac", "type": JSON}],
}
COLLECTION_EXAMPLE = {
    "type": "Collection",
    "stac_version": "1.1.0",
    "id": DATASET_EXAMPLE,
    "title": "Scenes",
    "description": "Scenes of the demonstration.",
    "license": "other",
    "extent": {
        "spatial": {"bbox": [[-10, 35, 5.5, 45]]},
        "temporal": {"interval": [["2026-01-01T00:00:00Z", "2026-01-31T12:00:00Z"]]},
    },
    "links": [{"rel": "root", "href": "https://archive.example.org/stac", "type": JSON}],
}
ITEMS_EXAMPLE = {"type": "FeatureCollection", "features": [ITEM_EXAMPLE], "numberReturned": 1, "links": []}

BrowseDependency = NamedDependency[SkipValidation[BrowseCollections]]


@get(
    "/stac",
    **stac_operation(
        "stacLandingPage",
        "The catalogue as a STAC API",
        example={
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "demo",
            "description": "What you may see of the catalogue of demo.",
            "conformsTo": list(CONFORMANCE),
            "links": [{"rel": "data", "href": "https://archive.example.org/stac/collections", "type": JSON}],
        },
    ),
)
async def read_landing_page(request: Request[Caller, Any, Any]) -> Response[Any]:
    """Where collections, items and the search are. What is found there depends on who asks."""
    addresses = Addresses.of(request)
    search = addresses.to("search")
    return answer(
        {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": request.user.tenant,
            "title": f"Catalogue of {request.user.tenant}",
            "description": f"What you may see of the catalogue of {request.user.tenant}.",
            "conformsTo": CONFORMANCE,
            "links": [
                link("self", addresses.to()),
                link("root", addresses.to()),
                link("conformance", addresses.to("conformance")),
                link("data", addresses.to("collections")),
                link("search", search, GEO_JSON, method="GET"),
                link("search", search, GEO_JSON, method="POST"),
                link(
                    "service-desc",
                    addresses.of_document("schema/openapi.json"),
                    "application/vnd.oai.openapi+json;version=3.1",
                ),
                link("service-doc", addresses.of_document("schema"), "text/html"),
            ],
        }
    )


@get(
    "/stac/conformance",
    **stac_operation("stacConformance", "What the STAC API conforms to", example={"conformsTo": list(CONFORMANCE)}),
)
async def read_conformance() -> Response[Any]:
    """Classes of STAC API 1.0.0 and of OGC API - Features."""
    return answer({"conformsTo": CONFORMANCE})


@get(
    "/stac/collections",
    **stac_operation("stacCollections", "List collections", example={"collections": [COLLECTION_EXAMPLE], "links": []}),
)
async def list_collections(
    request: Request[Caller, Any, Any],
    browse_collections: BrowseDependency,
    item_format: FormatDependency,
    limit: Limit = None,
    after: After = None,
) -> Response[Any]:
    """The datasets that you see. What surrounds their items may be a minute old."""
    addresses = Addresses.of(request)
    page = await browse_collections.execute(request.user, after=place_of(after), limit=limited(limit))
    links = [link("self", addresses.to("collections")), link("root", addresses.to())]
    if page.next_after is not None:
        onwards = {"limit": str(limited(limit)), "after": str(page.next_after)}
        links.append(next_page(addresses.to("collections", **onwards), JSON))
    collections = [collection_document(collection, addresses, item_format) for collection in page.collections]
    return answer({"collections": collections, "numberReturned": len(collections), "links": links})


@get(
    "/stac/collections/{collection_id:str}",
    **stac_operation("stacCollection", "Read a collection", example=COLLECTION_EXAMPLE, problems=(404,)),
)
async def read_collection(
    request: Request[Caller, Any, Any],
    collection_id: FromPath[str],
    browse_collections: BrowseDependency,
    item_format: FormatDependency,
) -> Response[Any]:
    """A dataset in its newest version; any of its URNs names it."""
    collection = await browse_collections.one(request.user, _named("collection", collection_id))
    return answer(collection_document(collection, Addresses.of(request), item_format))


@get(
    "/stac/collections/{collection_id:str}/items",
    **stac_operation("stacItems", "List the items of a collection", GEO_JSON, example=ITEMS_EXAMPLE, problems=(404,)),
)
async def list_items(
    request: Request[Caller, Any, Any],
    collection_id: FromPath[str],
    browse_collections: BrowseDependency,
    search_items: NamedDependency[SkipValidation[SearchItems]],
    item_format: FormatDependency,
    ids: Names = None,
    collections: Names = None,
    bbox: Box = None,
    when: When = None,
    limit: Limit = None,
    after: After = None,
) -> Response[Any]:
    """The newest versions of the data in a dataset, in the order in which they were catalogued.

    `ids` and `collections` are those of the search, since clients send them here, too.
    """
    refuse_others(request.query_params, {"ids", "collections", "bbox", "datetime", "limit", "after"})
    urn = _named("collection", collection_id)
    query = query_of(ids=listed(ids), collections=listed(collections), bbox=numbers(bbox), when=when).within(urn)
    place = place_of(after)
    addresses = Addresses.of(request)
    await browse_collections.require(request.user, urn)
    page = await search_items.execute(request.user, query, after=place, limit=limited(limit))
    asked = {
        "ids": ids,
        "collections": collections,
        "bbox": bbox,
        "datetime": when,
        "limit": None if limit is None else str(limited(limit)),
    }
    said = {name: value for name, value in asked.items() if value is not None}
    path = ("collections", str(urn.virtual_id), "items")
    links = [
        link("self", addresses.to(*path, **said), GEO_JSON),
        link("collection", addresses.to("collections", str(urn.virtual_id))),
    ]
    if page.next_after is not None:
        links.append(next_page(addresses.to(*path, **said, after=str(page.next_after))))
    return answer(items_document(page, addresses, item_format, *links), GEO_JSON)


@get(
    "/stac/collections/{collection_id:str}/items/{item_id:str}",
    **stac_operation("stacItem", "Read an item", GEO_JSON, example=ITEM_EXAMPLE, problems=(404,)),
)
async def read_one_item(
    request: Request[Caller, Any, Any],
    collection_id: FromPath[str],
    item_id: FromPath[str],
    read_item: NamedDependency[SkipValidation[ReadItem]],
    item_format: FormatDependency,
) -> Response[Any]:
    """LAST names the newest version; another version is shown when its URN is given."""
    item = await read_item.execute(request.user, _named("collection", collection_id), _named("item", item_id))
    return answer(item_document(item, Addresses.of(request), item_format), GEO_JSON)


def _named(kind: str, text: str) -> Urn:
    """Raises ``NotFound``: what is no URN names nothing here."""
    try:
        return Urn.parse(text)
    except InvalidValue as error:
        raise NotFound(f"There is no {kind} {text!r}: {error}") from error


route_handlers = (
    read_landing_page,
    read_conformance,
    list_collections,
    read_collection,
    list_items,
    read_one_item,
)
"""In the order of the specification."""
