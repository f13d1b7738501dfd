"""Pages of products in upstream's envelope (contract-catalog sections 4.3 and 4.4)."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request

from adapters.http.addresses import own_root, segment
from adapters.http.catalogue.product_payloads import FEATURE_EXAMPLE
from application.use_cases.search_catalogue import FoundFeatures, ShownFacet
from application.use_cases.shown_features import FoundFeature
from domain.facets import FacetRange, FacetType, FacetWord
from domain.search import Field
from domain.urn import EntityType

BASE = "/engines/legacy"
_PATHS = {EntityType.DATA: "dataobjects", EntityType.DATASET: "datasets", EntityType.COLLECTION: "collections"}

AnyRequest = Request[Any, Any, Any]

LINKS_EXAMPLE = [{"rel": "self", "href": f"https://archive.example.org{BASE}/dataobjects/{FEATURE_EXAMPLE['id']}"}]
ITEM_EXAMPLE = {"content": FEATURE_EXAMPLE, "links": LINKS_EXAMPLE}
ENVELOPE_EXAMPLE = {
    "metadata": {"size": 20, "number": 0, "totalElements": 1, "totalPages": 1},
    "content": [ITEM_EXAMPLE],
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


def envelope(
    request: AnyRequest, found: FoundFeatures, *, page: int, size: int, names: dict[Field, str] | None = None
) -> Envelope:
    """A page, with links to those beside it when it was asked for by its address."""
    pages = -(-found.total // size)
    return Envelope(
        metadata=Metadata(size=size, number=page, total_elements=found.total, total_pages=pages),
        content=[item(request, each) for each in found.items],
        links=_links(request, page, pages),
        facets=[_facet(shown, names or {}) for shown in found.facets],
    )


def _links(request: AnyRequest, page: int, pages: int) -> list[dict[str, str]]:
    if request.method != "GET":
        return [{"rel": "self", "href": own_root(request) + _path(request)}]
    links = [{"rel": "self", "href": _address(request, page)}]
    if page > 0:
        links.append({"rel": "prev", "href": _address(request, page - 1)})
    if page + 1 < pages:
        links.append({"rel": "next", "href": _address(request, page + 1)})
    return links


def _address(request: AnyRequest, page: int) -> str:
    """Where a page of the same search is; a token in the address is not repeated."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"page", "token"}]
    return f"{own_root(request)}{_path(request)}?{urlencode([*kept, ('page', str(page))])}"


def _path(request: AnyRequest) -> str:
    return "/".join(segment(part) for part in request.url.path.split("/"))


def item(request: AnyRequest, found: FoundFeature) -> dict[str, Any]:
    """One product with its links."""
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


def _facet(shown: ShownFacet, names: dict[Field, str]) -> dict[str, Any]:
    facet = shown.facet
    body: dict[str, Any] = {
        "attributeName": names.get(facet.field, facet.field.path),
        "type": facet.type.value,
        "values": [
            {"count": value.count, "openSearchQuery": query, **_value(facet.type, value)}
            for value, query in zip(facet.values, shown.queries, strict=True)
        ],
    }
    if facet.type in {FacetType.STRING, FacetType.BOOLEAN}:
        body["others"] = facet.others
    return body


def _value(kind: FacetType, value: FacetWord | FacetRange) -> dict[str, Any]:
    if isinstance(value, FacetRange):
        return {"lowerBound": bound_json(value.lower), "upperBound": bound_json(value.upper)}
    return {"value": value.text == "true"} if kind is FacetType.BOOLEAN else {"word": value.text}


def bound_json(bound: float | datetime) -> float | str:
    """A bound as it stands in answers."""
    return bound.isoformat().replace("+00:00", "Z") if isinstance(bound, datetime) else bound
