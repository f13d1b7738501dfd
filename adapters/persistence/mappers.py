"""Rows to domain values and back, for everything but the ledger's own tables."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Select, Table, select

from adapters.persistence.tables import cached_copy, file, file_location, storage_cooling, storage_location
from application.ports.files import FoundFile
from application.ports.unit_of_work import StoredEvent
from domain.access import Role
from domain.cached_copy import CachedCopy
from domain.events import Event
from domain.file import ArchiveFile, DataType, FileLocation
from domain.selection import Copy, in_cache, kept_readable
from domain.storage_location import Delivery, StorageLocation, StorageType
from domain.ticket import ProductTicket, Ticket
from domain.urn import Urn

FILE_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(column.label(f"f_{column.name}") for column in file.c),
    *(column.label(f"l_{column.name}") for column in file_location.c),
    *(column.label(f"s_{column.name}") for column in storage_location.c),
    *(column.label(f"c_{column.name}") for column in cached_copy.c),
    storage_cooling.c.cooling_until.label("cooling_until"),
)
"""A file with one copy, its storage, what a restoration made of the file, and what ails the storage: one joined row."""

_FILE = slice(0, len(file.c))
_LOCATION = slice(_FILE.stop, _FILE.stop + len(file_location.c))
_STORAGE = slice(_LOCATION.stop, _LOCATION.stop + len(storage_location.c))
_CACHED = slice(_STORAGE.stop, _STORAGE.stop + len(cached_copy.c))
_COOLING = _CACHED.stop


def with_copies(*, only: ColumnElement[bool] | None = None) -> Select[Any]:
    """Files with their copies and storages, one row a copy, by tenant, checksum and storage."""
    joined = (
        file.outerjoin(
            file_location, (file_location.c.tenant == file.c.tenant) & (file_location.c.checksum == file.c.checksum)
        )
        .outerjoin(
            storage_location,
            (storage_location.c.tenant == file_location.c.tenant)
            & (storage_location.c.name == file_location.c.storage),
        )
        .outerjoin(cached_copy, (cached_copy.c.tenant == file.c.tenant) & (cached_copy.c.checksum == file.c.checksum))
        .outerjoin(
            storage_cooling,
            (storage_cooling.c.tenant == file_location.c.tenant)
            & (storage_cooling.c.storage == file_location.c.storage),
        )
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
        "delivery": value.delivery.value,
        "parameters": dict(value.parameters),
    }


def ticket_values(value: Ticket) -> dict[str, object]:
    """A ticket as a row."""
    product = value.product
    return attrs.asdict(value, filter=lambda field, _value: field.name != "product", recurse=False) | {
        "product": None if product is None else str(product.urn),
        "issuer_role": None if product is None else product.role.value,
        "issuer_groups": None if product is None else json.dumps(sorted(product.groups)),
    }


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
    return StorageLocation(
        **{**row, "storage_type": StorageType(row["storage_type"]), "delivery": Delivery(row["delivery"])}
    )


def cached_copy_values(value: CachedCopy) -> dict[str, object]:
    """A restored copy as a row."""
    return attrs.asdict(value)


def cached_copy_from(row: Mapping[str, Any]) -> CachedCopy:
    """A restored copy from a row."""
    return CachedCopy(**row)


def ticket_from(row: Mapping[str, Any]) -> Ticket:
    """A ticket from a row."""
    urn, role, groups = row["product"], row["issuer_role"], row["issuer_groups"]
    own = {name: value for name, value in row.items() if name not in {"product", "issuer_role", "issuer_groups"}}
    return Ticket(**own, product=product_ticket(urn, role, groups))


def product_ticket(urn: str | None, role: str | None, groups: str | None) -> ProductTicket | None:
    """What a ticket to a file of a product carries besides, from its three columns."""
    if urn is None or role is None:
        return None
    return ProductTicket(urn=Urn.parse(urn), role=Role(role), groups=frozenset(json.loads(groups or "[]")))


def stored_event_from(row: Mapping[str, Any]) -> StoredEvent:
    """An event from a row."""
    return StoredEvent(**row)


def found_files(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, str], FoundFile]:
    """Files with their copies, by tenant and checksum, from rows of ``FILE_COLUMNS`` ordered by file and storage."""
    files: dict[tuple[str, str], ArchiveFile] = {}
    copies: dict[tuple[str, str], list[Copy]] = {}
    for row in rows:
        key = (row[0], row[1])
        cached = None if row[_CACHED.start] is None else cached_copy_from(_named(cached_copy, row[_CACHED]))
        if key not in files:
            files[key] = file_from(_named(file, row[_FILE]))
            copies[key] = [] if cached is None or not cached.is_internal else [in_cache(cached)]
        if row[_LOCATION.start] is not None:
            copies[key].append(_copy(row, cached))
    return {key: FoundFile(value, tuple(copies[key])) for key, value in files.items()}


def _copy(row: tuple[Any, ...], cached: CachedCopy | None) -> Copy:
    location = location_from(_named(file_location, row[_LOCATION]))
    storage = None if row[_STORAGE.start] is None else storage_from(_named(storage_location, row[_STORAGE]))
    copy = Copy(location, storage, cooling_until=row[_COOLING])
    return copy if cached is None else kept_readable(copy, cached)


def _named(table: Table, values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(table.c.keys(), values, strict=True))
