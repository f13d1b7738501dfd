"""Rows to domain values and back, for everything but the ledger's own tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Select, select

from adapters.persistence.tables import file, file_location, storage_location
from application.ports.files import FoundFile
from application.ports.unit_of_work import StoredEvent
from domain.events import Event
from domain.file import ArchiveFile, DataType, FileLocation
from domain.selection import Copy
from domain.storage_location import StorageLocation, StorageType
from domain.ticket import Ticket

FILE_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(column.label(f"f_{column.name}") for column in file.c),
    *(column.label(f"l_{column.name}") for column in file_location.c),
    *(column.label(f"s_{column.name}") for column in storage_location.c),
)
"""A file with one copy and its storage, as one row of a join."""

_FILE = slice(0, len(file.c))
_LOCATION = slice(_FILE.stop, _FILE.stop + len(file_location.c))
_STORAGE = slice(_LOCATION.stop, _LOCATION.stop + len(storage_location.c))


def with_copies(*, only: ColumnElement[bool] | None = None) -> Select[Any]:
    """Files with their copies and storages, one row a copy, by tenant, checksum and storage."""
    joined = file.outerjoin(
        file_location, (file_location.c.tenant == file.c.tenant) & (file_location.c.checksum == file.c.checksum)
    ).outerjoin(
        storage_location,
        (storage_location.c.tenant == file_location.c.tenant) & (storage_location.c.name == file_location.c.storage),
    )
    query = select(*FILE_COLUMNS).select_from(joined)
    query = query.order_by(file.c.tenant, file.c.checksum, file_location.c.storage)
    return query if only is None else query.where(only)


def file_values(value: ArchiveFile) -> dict[str, object]:
    """A file as a row."""
    return attrs.asdict(value) | {"data_type": value.data_type.value}


def location_values(value: FileLocation) -> dict[str, object]:
    """A copy as a row."""
    return attrs.asdict(value)


def storage_values(value: StorageLocation) -> dict[str, object]:
    """A configured storage as a row."""
    return attrs.asdict(value, recurse=False) | {
        "storage_type": value.storage_type.value,
        "parameters": dict(value.parameters),
    }


def ticket_values(value: Ticket) -> dict[str, object]:
    """A ticket as a row."""
    return attrs.asdict(value)


def event_values(event: Event) -> dict[str, object]:
    """An event as a row; dates in the payload are ISO 8601."""
    return {
        "tenant": event.tenant,
        "type": type(event).__name__,
        "payload": attrs.asdict(event, value_serializer=lambda _instance, _field, value: _in_json(value)),
        "occurred_at": event.occurred_at,
    }


def _in_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def file_from(row: Mapping[str, Any]) -> ArchiveFile:
    """A file from a row."""
    return ArchiveFile(**{**row, "data_type": DataType(row["data_type"])})


def location_from(row: Mapping[str, Any]) -> FileLocation:
    """A copy from a row."""
    return FileLocation(**row)


def storage_from(row: Mapping[str, Any]) -> StorageLocation:
    """A configured storage from a row."""
    return StorageLocation(**{**row, "storage_type": StorageType(row["storage_type"])})


def ticket_from(row: Mapping[str, Any]) -> Ticket:
    """A ticket from a row."""
    return Ticket(**row)


def stored_event_from(row: Mapping[str, Any]) -> StoredEvent:
    """An event from a row."""
    return StoredEvent(**row)


def found_files(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, str], FoundFile]:
    """Files with their copies, by tenant and checksum, from rows of ``FILE_COLUMNS`` ordered by file and storage."""
    files: dict[tuple[str, str], ArchiveFile] = {}
    copies: dict[tuple[str, str], list[Copy]] = {}
    for row in rows:
        key = (row[0], row[1])
        if key not in files:
            files[key] = file_from(dict(zip(file.c.keys(), row[_FILE], strict=True)))
            copies[key] = []
        location, storage = row[_LOCATION], row[_STORAGE]
        if location[0] is not None:
            copies[key].append(
                Copy(
                    location_from(dict(zip(file_location.c.keys(), location, strict=True))),
                    None
                    if storage[0] is None
                    else storage_from(dict(zip(storage_location.c.keys(), storage, strict=True))),
                )
            )
    return {key: FoundFile(value, tuple(copies[key])) for key, value in files.items()}
