"""Addresses of this STAC API. None of them ever holds a token; the scope of an anonymous caller stays in them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import attrs
from litestar import Request

from adapters.http.addresses import own_root, segment
from domain.access import ANONYMOUS_EMAIL, Caller
from domain.product import FileEntry
from domain.urn import Urn

JSON = "application/json"
GEO_JSON = "application/geo+json"

Link = dict[str, object]


@attrs.frozen
class Addresses:
    """Of one request: where our routes begin as the client sees them, and the tenant that they have to name again.

    Anonymous callers name the tenant; all others have a token, which they send themselves. Who names it in the header
    ``scope`` does so with every request, and some clients add names to addresses as if these had no query. What
    downloads a file may be another program, so that its address always says all.
    """

    root: str
    scope: str | None
    scope_of_files: str | None

    @classmethod
    def of(cls, request: Request[Caller, Any, Any]) -> "Addresses":
        """The addresses that are answered to this request."""
        caller = request.user
        tenant = caller.tenant if caller.email == ANONYMOUS_EMAIL else None
        return cls(own_root(request), tenant if "scope" in request.query_params else None, tenant)

    def to(self, *names: str, **query: str) -> str:
        """An address below ``/stac``."""
        return _with("/".join([f"{self.root}/stac", *map(segment, names)]), query, self.scope)

    def file(self, urn: Urn, entry: FileEntry) -> str:
        """Where a file of ours is downloaded."""
        checksum = segment(entry.checksum or "")
        return _with(f"{self.root}/downloads/{segment(str(urn))}/files/{checksum}", {}, self.scope_of_files)

    def of_document(self, name: str) -> str:
        """A page that is the same for everybody."""
        return f"{self.root}/{name}"


def _with(address: str, query: Mapping[str, str], scope: str | None) -> str:
    asked = {**query, **({} if scope is None else {"scope": scope})}
    return f"{address}?{urlencode(asked, quote_via=quote)}" if asked else address


def link(rel: str, href: str, media_type: str = JSON, **more: object) -> Link:
    """A link object."""
    return {"rel": rel, "href": href, "type": media_type, **more}


def of_item(addresses: Addresses, urn: Urn, collection: Urn | None) -> list[Link]:
    """An item that is in no collection is found by its id alone."""
    root = link("root", addresses.to())
    if collection is None:
        return [link("self", addresses.to("search", ids=str(urn)), GEO_JSON), root]
    parent = addresses.to("collections", str(collection))
    return [
        link("self", addresses.to("collections", str(collection), "items", str(urn)), GEO_JSON),
        root,
        link("parent", parent),
        link("collection", parent),
    ]


def of_collection(addresses: Addresses, urn: Urn, licence: str | None) -> list[Link]:
    """With the licence that has to be accepted, if there is one."""
    here = addresses.to("collections", str(urn))
    links = [
        link("self", here),
        link("root", addresses.to()),
        link("parent", addresses.to()),
        link("items", addresses.to("collections", str(urn), "items"), GEO_JSON),
    ]
    return links if licence is None else [*links, {"rel": "license", "href": licence}]
