"""Rows of the catalogue to domain values and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from domain.file import DataType
from domain.groups import AccessGroup
from domain.licence import Licence, LicenceAcceptance
from domain.product import FileEntry, Product
from domain.rights import AccessRight, FileLevel, MetadataLevel, datasets_that_count
from domain.urn import Urn


def product_values(value: Product) -> dict[str, object]:
    """A product as a row, without its number."""
    box, span = value.bounding_box, value.time_span
    return {
        "tenant": value.tenant,
        "urn": str(value.urn),
        "virtual_id": str(value.virtual_id),
        "version": value.version,
        "is_last": value.is_last,
        "entity_type": value.entity_type.value,
        "provider_id": value.provider_id,
        "label": value.label,
        "model": value.model,
        "properties": dict(value.properties),
        "geometry": None if value.geometry is None else dict(value.geometry),
        "west": box and box.west,
        "south": box and box.south,
        "east": box and box.east,
        "north": box and box.north,
        "starts_at": span and span.start,
        "ends_at": span and span.end,
        "tags": list(value.tags),
        "session": value.session,
        "session_owner": value.session_owner,
        "registered_at": value.registered_at,
        "updated_at": value.updated_at,
    }


def entry_values(value: FileEntry, *, product_id: int, position: int, tenant: str) -> dict[str, object]:
    """A file of a product as a row."""
    return attrs.asdict(value, recurse=False) | {
        "product_id": product_id,
        "position": position,
        "tenant": tenant,
        "data_type": value.data_type.value,
        "types": list(value.types),
        "additional_fields": dict(value.additional_fields),
    }


def dataset_values(value: Product, *, product_id: int) -> list[dict[str, object]]:
    """The datasets whose rights count, as rows."""
    return [
        {"product_id": product_id, "tenant": value.tenant, "dataset": str(dataset)}
        for dataset in datasets_that_count(value)
    ]


_ENTRY = tuple(field.name for field in attrs.fields(FileEntry))
_TAKEN = (
    "provider_id",
    "label",
    "model",
    "properties",
    "geometry",
    "session",
    "session_owner",
    "is_last",
    "registered_at",
    "updated_at",
)


def entry_from(row: Mapping[str, Any]) -> FileEntry:
    """A file of a product from a row."""
    plain = {name: row[name] for name in _ENTRY}
    return FileEntry(**{**plain, "data_type": DataType(row["data_type"]), "types": tuple(row["types"])})


def product_from(row: Mapping[str, Any], entries: Iterable[FileEntry]) -> Product:
    """A product from its row and its files."""
    return Product(
        urn=Urn.parse(row["urn"]),
        tags=tuple(row["tags"]),
        files=tuple(entries),
        **{name: row[name] for name in _TAKEN},
    )


def right_values(value: AccessRight) -> dict[str, object]:
    """A right as a row."""
    return {
        "tenant": value.tenant,
        "dataset": str(value.dataset),
        "group_name": value.group,
        "metadata_level": value.metadata_level.value,
        "file_level": value.file_level.value,
    }


def right_from(row: Mapping[str, Any]) -> AccessRight:
    """A right from a row."""
    return AccessRight(
        tenant=row["tenant"],
        group=row["group_name"],
        dataset=Urn.parse(row["dataset"]),
        metadata_level=MetadataLevel(row["metadata_level"]),
        file_level=FileLevel(row["file_level"]),
    )


def group_values(value: AccessGroup) -> dict[str, object]:
    """A group as a row."""
    return attrs.asdict(value)


def group_from(row: Mapping[str, Any]) -> AccessGroup:
    """A group from a row."""
    return AccessGroup(**row)


def dataset_key(dataset: Urn | None) -> str:
    """How the dataset of a licence is stored: empty for the tenant's own."""
    return "" if dataset is None else str(dataset)


def dataset_from(key: str) -> Urn | None:
    """The dataset of a stored licence."""
    return Urn.parse(key) if key else None


def licence_from(row: Mapping[str, Any]) -> Licence:
    """A licence from a row."""
    return Licence(
        tenant=row["tenant"],
        dataset=dataset_from(row["dataset"]),
        link=row["link"],
        text_sha256=row["text_sha256"],
        edition=row["edition"],
    )


def acceptance_values(value: LicenceAcceptance) -> dict[str, object]:
    """An acceptance as a row."""
    return attrs.asdict(value, recurse=False) | {"dataset": dataset_key(value.dataset)}


def acceptance_from(row: Mapping[str, Any]) -> LicenceAcceptance:
    """An acceptance from a row."""
    return LicenceAcceptance(**{**row, "dataset": dataset_from(row["dataset"])})


def newest(rows: Sequence[tuple[int, str]]) -> int:
    """The number of the newest among the versions of one thing, given as numbers and URNs."""
    return max(rows, key=lambda row: Urn.parse(row[1]).age)[0]
