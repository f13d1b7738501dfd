"""Bodies of this STAC API, and what the OpenAPI document says of them."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from adapters.http.documentation import operation
from adapters.http.roles import also_in_maintenance
from adapters.http.stac.links import GEO_JSON, JSON, Addresses, Link, link, of_collection, of_item
from application.ports.items import ItemFormat
from application.use_cases.browse_items import ItemPage
from domain.access import Role
from domain.items import Item, ItemCollection

Document = Annotated[dict[str, Any], msgspec.Meta(description="A document of STAC.")]
FormatDependency = NamedDependency[SkipValidation[ItemFormat]]

Limit = Annotated[int | None, QueryParameter(ge=1, description="Entries on one page; more than 1000 are 1000.")]
After = Annotated[str | None, QueryParameter(description="As the link to the next page has it.")]
Names = Annotated[str | None, QueryParameter(description="URNs with commas between.")]
Box = Annotated[
    str | None,
    QueryParameter(
        description="West, south, east, north in degrees; six numbers have heights, which are not compared."
    ),
]
When = Annotated[
    str | None,
    QueryParameter(name="datetime", description="An instant, or two with a slash between; one of them may be `..`."),
]

_CACHING = {"cache-control": "private, no-cache"}
"""What is answered depends on who asks, and on what may change at any moment."""


def stac_operation(operation_id: str, summary: str, media_type: str = JSON, **more: Any) -> dict[str, Any]:
    """A route that only reads, for everybody who names a tenant."""
    described = operation(operation_id, summary, role=Role.PUBLIC, tag="stac", answer=Document, **more)
    described["responses"][200] = replace(described["responses"][200], media_type=media_type)
    # To search is to read, also with POST.
    return {**described, "opt": also_in_maintenance(Role.PUBLIC)}


def answer(document: object, media_type: str = JSON) -> Response[Any]:
    """The answer with a document."""
    return Response(document, media_type=media_type, headers=_CACHING)


def item_document(item: Item, addresses: Addresses, item_format: ItemFormat) -> dict[str, object]:
    """An item with its links."""
    written = item_format.item(item, address=addresses.file)
    return {**written, "links": of_item(addresses, item.product.urn, item.collection)}


def collection_document(collection: ItemCollection, addresses: Addresses, item_format: ItemFormat) -> dict[str, object]:
    """A collection with its links."""
    licence = None if collection.licence is None else collection.licence.link
    written = item_format.collection(collection, address=addresses.file)
    return {**written, "links": of_collection(addresses, collection.urn, licence)}


def items_document(page: ItemPage, addresses: Addresses, item_format: ItemFormat, *links: Link) -> dict[str, object]:
    """A page of items."""
    return {
        "type": "FeatureCollection",
        "features": [item_document(item, addresses, item_format) for item in page.items],
        "numberReturned": len(page.items),
        "links": [link("root", addresses.to()), *links],
    }


def next_page(href: str, media_type: str = GEO_JSON, **more: object) -> Link:
    """The link that goes on."""
    return link("next", href, media_type, **more)
