"""Files with their copies for many keys in one prepared query."""

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Dialect, tuple_

from adapters.persistence.connection import Session
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.mappers import FILE_COLUMNS, found_files, with_copies
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import cached_copy, file, file_location, storage_cooling, storage_location
from adapters.persistence.types import UTCDateTime
from application.ports.files import FoundFile

_COLUMNS: tuple[Column[Any], ...] = (
    *file.c,
    *file_location.c,
    *storage_location.c,
    *cached_copy.c,
    storage_cooling.c.cooling_until,
)
"""The columns behind ``FILE_COLUMNS``."""


class FoundFiles:
    """The query and the conversions of its plain rows."""

    def __init__(self, dialect: Dialect) -> None:
        keys = unfolded(dialect.name, "keys", (file.c.tenant, file.c.checksum))
        wanted = tuple_(file.c.tenant, file.c.checksum).in_(keys.select())
        self._query = Prepared(with_copies(only=wanted), dialect)
        self._conversions = tuple(
            (position, convert)
            for position, column in enumerate(_COLUMNS)
            if (convert := _conversion(column, dialect.name)) is not None
        )
        assert len(_COLUMNS) == len(FILE_COLUMNS)

    def of(self, session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], FoundFile]:
        """Those of the files that exist, by tenant and checksum."""
        rows = session.fetch(self._query, keys=encoded(keys))
        return found_files(self._converted(row) for row in rows)

    def _converted(self, row: Iterable[Any]) -> tuple[Any, ...]:
        values = list(row)
        for position, convert in self._conversions:
            if values[position] is not None:
                values[position] = convert(values[position])
        return tuple(values)


def _conversion(column: Column[Any], dialect: str) -> Callable[[Any], Any] | None:
    if isinstance(column.type, UTCDateTime):
        return Codec.of(dialect).instant
    if dialect == "sqlite" and isinstance(column.type, Boolean):
        return bool
    if dialect == "sqlite" and isinstance(column.type, JSON):
        return json.loads
    return None
