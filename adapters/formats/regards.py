"""Features of REGARDS (contract-catalog sections 3.2 and 3.3), in and out.

Two ways of listing files are read: by data type, as the catalogue writes them, and as a list in which each file has
``attributes`` and ``locations``, as those who provide features write them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from adapters.formats.documents import (
    mapping,
    optional_mapping,
    optional_number,
    optional_size,
    optional_text,
    text,
    texts,
)
from domain.errors import InvalidValue
from domain.file import DataType
from domain.product import FileEntry, Product
from domain.urn import Urn

_FILE_MEMBERS = {
    "checksum": "checksum",
    "digestAlgorithm": "algorithm",
    "filesize": "size_bytes",
    "filename": "file_name",
    "mimeType": "media_type",
    "uri": "uri",
    "reference": "is_reference",
    "imageWidth": "image_width",
    "imageHeight": "image_height",
    "crc32": "crc32",
}
"""REGARDS' words and ours, of members that are left out when there is none."""


def read_feature(document: Mapping[str, Any], *, tenant: str, now: datetime) -> Product:
    """The product that a feature describes. Raises ``InvalidValue``."""
    urn = feature_name(document)
    if urn.tenant != tenant:
        raise InvalidValue(f"{urn} is of the tenant {urn.tenant!r}, not of {tenant!r}.")
    provider_id = optional_text(document, "providerId") or (
        text(document, "id") if document.get("urn") is not None and document.get("id") else str(urn)
    )
    properties = optional_mapping(document, "properties") or {}
    return Product(
        urn=urn,
        provider_id=provider_id,
        label=optional_text(document, "label") or provider_id,
        model=optional_text(document, "model") or "unknown",
        geometry=_geometry(document),
        properties=properties,
        files=tuple(_entry(data_type, item) for data_type, item in _files(document.get("files"))),
        tags=tuple(dict.fromkeys(texts(document, "tags"))),
        session=optional_text(document, "session"),
        session_owner=optional_text(document, "sessionOwner"),
        registered_at=now,
        updated_at=now,
    )


def write_feature(product: Product) -> dict[str, object]:
    """The feature of a product; what is null is left out."""
    files: dict[str, list[dict[str, object]]] = defaultdict(list)
    for entry in product.files:
        files[entry.data_type.value].append(write_file(entry))
    feature: dict[str, object] = {
        "id": str(product.urn),
        "virtualId": str(product.virtual_id),
        "providerId": product.provider_id,
        "entityType": product.entity_type.value,
        "label": product.label,
        "model": product.model,
        "type": "Feature",
        "geometry": product.geometry,
        "properties": product.properties,
        "files": dict(files),
        "tags": list(product.tags),
        "last": product.is_last,
        "version": product.version,
        "session": product.session,
        "sessionOwner": product.session_owner,
    }
    return {name: value for name, value in feature.items() if value is not None or name == "geometry"}


def write_file(entry: FileEntry) -> dict[str, object]:
    """One file as it was catalogued; what is null is left out."""
    named: dict[str, object] = {name: getattr(entry, ours) for name, ours in _FILE_MEMBERS.items()}
    named = {name: value for name, value in named.items() if value is not None}
    more = {"additionalFields": entry.additional_fields} if entry.additional_fields else {}
    return {"dataType": entry.data_type.value, **named, "types": list(entry.types), **more}


def feature_name(document: Mapping[str, Any]) -> Urn:
    """The URN of a feature. Those of their providers have it beside an ``id`` of their own. Raises ``InvalidValue``."""
    return Urn.parse(text(document, "urn" if document.get("urn") is not None else "id"))


def _geometry(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """REGARDS writes a place that is not known as the type ``Unlocated``."""
    geometry = optional_mapping(document, "geometry")
    return None if geometry is not None and str(geometry.get("type")).upper() == "UNLOCATED" else geometry


def _files(files: object) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    if files is None:
        return
    if isinstance(files, Mapping):
        for data_type, items in files.items():
            if not isinstance(items, list | tuple):
                raise InvalidValue(f"The files of type {data_type} must be a list.")
            for item in items:
                yield data_type, mapping(item, f"A file of type {data_type}")
        return
    if not isinstance(files, list | tuple):
        raise InvalidValue("'files' must be an object by data type, or a list.")
    for item in files:
        file = mapping(item, "A file")
        attributes = optional_mapping(file, "attributes")
        yield None, file if attributes is None else {**attributes, **_first_location(file)}


def _first_location(file: Mapping[str, Any]) -> dict[str, Any]:
    locations = file.get("locations")
    if not isinstance(locations, list | tuple) or not locations:
        return {}
    return {"uri": text(mapping(locations[0], "A location"), "url")}


def _entry(listed_under: str | None, item: Mapping[str, Any]) -> FileEntry:
    data_type = optional_text(item, "dataType") or listed_under or ""
    unknown = next((name for name in (listed_under, data_type) if name not in {None, *DataType.__members__}), None)
    if unknown is not None:
        raise InvalidValue(f"{unknown!r} is no data type. Known are: {', '.join(DataType)}.")
    if listed_under not in {None, data_type}:
        raise InvalidValue(f"A file of type {data_type} is listed under {listed_under}.")
    reference = item.get("reference", False)
    if not isinstance(reference, bool):
        raise InvalidValue("'reference' must be true or false.")
    checksum, uri = optional_text(item, "checksum"), optional_text(item, "uri")
    return FileEntry(
        data_type=DataType[data_type],
        file_name=text(item, "filename"),
        media_type=optional_text(item, "mimeType") or "application/octet-stream",
        checksum=checksum,
        algorithm=optional_text(item, "digestAlgorithm") or optional_text(item, "algorithm"),
        size_bytes=optional_size(item, "filesize"),
        is_reference=reference or (checksum is None and uri is not None),
        uri=uri,
        image_width=optional_number(item, "imageWidth"),
        image_height=optional_number(item, "imageHeight"),
        types=texts(item, "types"),
        crc32=optional_text(item, "crc32"),
        additional_fields=optional_mapping(item, "additionalFields") or {},
    )
