"""Words of STAC documents for what a product says of a file, and words of our own for what STAC has none for."""

from collections.abc import Mapping
from typing import Any

from adapters.formats.documents import optional_number, optional_text, text, texts
from domain.errors import InvalidValue
from domain.file import DataType
from domain.multihash import decoded, encoded
from domain.product import FileEntry

ASSET_KEY = "asset_key"
"""The additional field that keeps the name of the asset."""

OWN = "regards:"
"""Prefix of the members that only this service writes. Whoever reads them gets the same product again."""
PRODUCT = f"{OWN}product"
DATA_TYPE = f"{OWN}data_type"
ORDER_STATUS = "order:status"

ROLES = {
    DataType.RAWDATA: "data",
    DataType.QUICKLOOK_SD: "overview",
    DataType.QUICKLOOK_MD: "overview",
    DataType.QUICKLOOK_HD: "overview",
    DataType.THUMBNAIL: "thumbnail",
    DataType.DOCUMENT: "metadata",
    DataType.DESCRIPTION: "metadata",
    DataType.AIP: "metadata",
    DataType.OTHER: "other",
}

_TAKEN = {"href", "type", "file:checksum", "file:size", ORDER_STATUS}


def written(entry: FileEntry, key: str) -> dict[str, object]:
    """The asset of a file without its address; ``key`` is its name among the others."""
    asset: dict[str, object] = {
        name: value
        for name, value in entry.additional_fields.items()
        if name != ASSET_KEY and name not in _TAKEN and not name.startswith(OWN)
    }
    if not isinstance(asset.get("title"), str):
        asset["title"] = entry.file_name
    if not isinstance(asset.get("description", ""), str):
        del asset["description"]
    if not _are_texts(asset.get("roles")):
        asset["roles"] = [ROLES[entry.data_type]]
    asset["type"] = entry.media_type
    multihash = _multihash(entry)
    exact = None if multihash is None else decoded(multihash)
    members = {
        "file:checksum": multihash,
        "file:size": entry.size_bytes,
        DATA_TYPE: entry.data_type.value,
        f"{OWN}file_name": entry.file_name if entry.file_name != key else None,
        f"{OWN}checksum": entry.checksum if exact is None or exact.checksum != entry.checksum else None,
        f"{OWN}algorithm": entry.algorithm if exact is None or exact.algorithm != entry.algorithm else None,
        f"{OWN}reference": entry.is_reference or None,
        f"{OWN}types": list(entry.types) or None,
        f"{OWN}image_width": entry.image_width,
        f"{OWN}image_height": entry.image_height,
        f"{OWN}crc32": entry.crc32,
    }
    return asset | {name: value for name, value in members.items() if value is not None}


def read_written(key: str, asset: Mapping[str, Any], href: str) -> FileEntry:
    """The file of an asset that this service wrote. Raises ``InvalidValue``."""
    data_type = text(asset, DATA_TYPE)
    if data_type not in DataType.__members__:
        raise InvalidValue(f"{data_type!r} is no data type here. Known are: {', '.join(DataType)}.")
    multihash = optional_text(asset, "file:checksum")
    exact = None if multihash is None else decoded(multihash)
    file_name = optional_text(asset, f"{OWN}file_name") or key
    more = {name: value for name, value in asset.items() if name not in _TAKEN and not name.startswith(OWN)}
    if more.get("title") == file_name:
        del more["title"]
    if more.get("roles") == [ROLES[DataType[data_type]]]:
        del more["roles"]
    return FileEntry(
        data_type=DataType[data_type],
        file_name=file_name,
        media_type=optional_text(asset, "type") or "application/octet-stream",
        checksum=optional_text(asset, f"{OWN}checksum") or (None if exact is None else exact.checksum),
        algorithm=optional_text(asset, f"{OWN}algorithm") or (None if exact is None else exact.algorithm),
        size_bytes=size if isinstance(size := asset.get("file:size"), int) else None,
        is_reference=asset.get(f"{OWN}reference") is True,
        uri=href,
        types=texts(asset, f"{OWN}types"),
        image_width=optional_number(asset, f"{OWN}image_width"),
        image_height=optional_number(asset, f"{OWN}image_height"),
        crc32=optional_text(asset, f"{OWN}crc32"),
        additional_fields=more if key == file_name else {ASSET_KEY: key, **more},
    )


def _multihash(entry: FileEntry) -> str | None:
    if entry.checksum is None or entry.algorithm is None:
        return None
    return encoded(entry.algorithm, entry.checksum)


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, str) and item for item in value)
