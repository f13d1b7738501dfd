"""Items and collections of STAC 1.x as products."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from uuid import NAMESPACE_URL, uuid5

from adapters.formats.documents import mapping, optional_mapping, optional_size, optional_text, text, texts
from adapters.formats.stac_words import ASSET_KEY, DATA_TYPE, ORDER_STATUS, PRODUCT, read_written
from domain.coverage import time_span
from domain.errors import InvalidValue
from domain.file import DataType
from domain.multihash import decoded
from domain.product import FileEntry, Product
from domain.text import is_storable
from domain.urn import EntityType, Ident, Urn

_ROLES = (
    ("data", DataType.RAWDATA),
    ("overview", DataType.QUICKLOOK_SD),
    ("thumbnail", DataType.THUMBNAIL),
    ("metadata", DataType.DOCUMENT),
)
"""The strictest comes first: data that is also a thumbnail is data. Metadata is no public description by itself."""

_TAKEN_FROM_ASSETS = {"href", "type", "file:checksum", "file:size"}

_NAMED = re.compile(r"[^/\\]+\.[A-Za-z0-9]{1,10}")


def is_stac(document: Mapping[str, Any]) -> bool:
    """Whether a document is an item or a collection of STAC, rather than a feature of REGARDS."""
    return "stac_version" in document or "assets" in document or document.get("type") == "Collection"


def read_stac(document: Mapping[str, Any], *, tenant: str, now: datetime) -> Product:
    """The product that an item describes, or the dataset that a collection does. Raises ``InvalidValue``."""
    if document.get("type") == "Collection":
        return _collection(document, tenant=tenant, now=now)
    if document.get("type") != "Feature":
        raise InvalidValue("A STAC document is a Feature (an item) or a Collection.")
    name = text(document, "id")
    urn = stac_name(document, tenant=tenant)
    properties = mapping(document.get("properties"), "'properties'")
    _require_time(properties)
    collection = optional_text(document, "collection")
    own = optional_mapping(document, PRODUCT)
    if own is not None:
        # Ours: whether its files can be had at once is not what it says.
        properties = {key: value for key, value in properties.items() if key != ORDER_STATUS}
    own = own or {}
    return Product(
        urn=urn,
        provider_id=optional_text(own, "providerId") or name,
        label=optional_text(own, "label") or optional_text(properties, "title") or name,
        model=optional_text(own, "model") or "stac-item",
        geometry=optional_mapping(document, "geometry"),
        properties=properties,
        files=tuple(_entries(document)),
        tags=(
            *(() if collection is None else (str(_urn(collection, EntityType.DATASET, tenant)),)),
            *texts(own, "tags"),
        ),
        session=optional_text(own, "session"),
        session_owner=optional_text(own, "sessionOwner"),
        registered_at=now,
        updated_at=now,
    )


def stac_name(document: Mapping[str, Any], *, tenant: str) -> Urn:
    """The URN of what an item or a collection describes. Raises ``InvalidValue``."""
    name = text(document, "id")
    if document.get("type") == "Collection":
        return _urn(name, EntityType.DATASET, tenant)
    return _urn(name, EntityType.DATA, tenant, within=optional_text(document, "collection") or "")


def _collection(document: Mapping[str, Any], *, tenant: str, now: datetime) -> Product:
    name = text(document, "id")
    aside = {"id", "type", "links", "assets", "title", "stac_version"}
    return Product(
        urn=stac_name(document, tenant=tenant),
        provider_id=name,
        label=optional_text(document, "title") or name,
        model="stac-collection",
        properties={key: value for key, value in document.items() if key not in aside},
        files=tuple(_entries(document)),
        registered_at=now,
        updated_at=now,
    )


def _urn(name: str, entity_type: EntityType, tenant: str, *, within: str = "") -> Urn:
    """The name itself when it is a URN; otherwise one made of it, the same every time."""
    if name.startswith("URN:"):
        urn = Urn.parse(name)
        if urn.entity_type is not entity_type or urn.tenant != tenant:
            raise InvalidValue(f"{name} names no {entity_type.value} of the tenant {tenant!r}.")
        return urn
    if not is_storable(f"{within}{name}"):
        raise InvalidValue("The id of an item or a collection is valid Unicode without NUL.")
    ident = Ident.AIP if entity_type is EntityType.DATASET else Ident.FEATURE
    made = uuid5(NAMESPACE_URL, f"stac\n{tenant}\n{entity_type.value}\n{within}\n{name}")
    return Urn(ident=ident, entity_type=entity_type, tenant=tenant, uuid=made, version=1)


def _require_time(properties: Mapping[str, Any]) -> None:
    named = [name for name in ("datetime", "start_datetime", "end_datetime") if properties.get(name) is not None]
    if "datetime" not in properties:
        raise InvalidValue("The properties of an item have a 'datetime', or null with start_datetime and end_datetime.")
    if named and time_span(properties) is None:
        raise InvalidValue(f"{' and '.join(named)} must be instants like 2026-01-31T12:00:00Z, the start first.")


def _entries(document: Mapping[str, Any]) -> Iterator[FileEntry]:
    base = _self_link(document)
    for key, value in (optional_mapping(document, "assets") or {}).items():
        asset = mapping(value, f"The asset {key!r}")
        try:
            yield _entry(key, asset, base)
        except InvalidValue as error:
            raise InvalidValue(f"The asset {key!r} is refused: {error}") from error


def _entry(key: str, asset: Mapping[str, Any], base: str) -> FileEntry:
    href = _absolute(base, text(asset, "href"))
    if DATA_TYPE in asset:
        return read_written(key, asset, href)
    multihash = optional_text(asset, "file:checksum")
    checksum = None if multihash is None else decoded(multihash)
    rest = {name: value for name, value in asset.items() if name not in _TAKEN_FROM_ASSETS}
    if checksum is None and not urlsplit(href).scheme:
        raise InvalidValue("It has neither a file:checksum nor an absolute href, so nothing could be found by it.")
    return FileEntry(
        data_type=_data_type(texts(asset, "roles")),
        file_name=_file_name(key, asset, href),
        media_type=optional_text(asset, "type") or "application/octet-stream",
        checksum=None if checksum is None else checksum.checksum,
        algorithm=None if checksum is None else checksum.algorithm,
        size_bytes=optional_size(asset, "file:size"),
        is_reference=checksum is None,
        uri=href,
        additional_fields={ASSET_KEY: key, **rest},
    )


def _absolute(base: str, href: str) -> str:
    try:
        found = urljoin(base, href)
        urlsplit(found)
    except ValueError:
        raise InvalidValue(f"Its href {href!r} is no URL.") from None
    return found


def _data_type(roles: tuple[str, ...]) -> DataType:
    """Nothing becomes public that does not say so, and data without a role is data."""
    if not roles:
        return DataType.RAWDATA
    return next((data_type for role, data_type in _ROLES if role in roles), DataType.OTHER)


def _file_name(key: str, asset: Mapping[str, Any], href: str) -> str:
    """The first of them that looks like the name of a file; the key if none does."""
    title = asset.get("title")
    candidates = (key, title if isinstance(title, str) else "", unquote(urlsplit(href).path.rpartition("/")[2]))
    return next((name for name in candidates if _NAMED.fullmatch(name)), key)


def _self_link(document: Mapping[str, Any]) -> str:
    links = document.get("links")
    for link in links if isinstance(links, list | tuple) else ():
        if isinstance(link, Mapping) and link.get("rel") == "self" and isinstance(link.get("href"), str):
            return str(link["href"])
    return ""
