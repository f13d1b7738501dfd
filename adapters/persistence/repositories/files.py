"""Files and their copies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.mappers import (
    file_values,
    found_files,
    location_from,
    location_values,
    with_copies,
)
from adapters.persistence.tables import copy_statement, file, file_location
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.files import FilePage, FileRepository, FoundFile
from domain.file import ArchiveFile, FileLocation
from domain.statement import Statement


class SqlFileRepository(FileRepository):
    """Files by tenant and checksum, copies by tenant, checksum and storage."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant: str, checksum: str) -> FoundFile | None:
        """The file with its copies."""
        return (await self._found(with_copies(only=_is(file, tenant, checksum)))).get((tenant, checksum))

    async def known(self, tenant: str, checksums: Sequence[str]) -> dict[str, FoundFile]:
        """Those of the checksums that exist, in one read."""
        wanted = unfolded(self._transaction.dialect, "wanted", [file.c.checksum])
        query = with_copies(only=(file.c.tenant == tenant) & file.c.checksum.in_(select(wanted.c.checksum)))
        found = await self._found(query, {"wanted": encoded([checksum] for checksum in checksums)})
        return {checksum: value for (_, checksum), value in found.items()}

    async def page(self, tenant: str, *, storage: str | None, after: str | None, limit: int) -> FilePage:
        """Files in checksum order."""
        table = file if storage is None else file_location
        keys = select(table.c.checksum).where(table.c.tenant == tenant)
        if storage is not None:
            keys = keys.where(file_location.c.storage == storage)
        if after is not None:
            keys = keys.where(table.c.checksum > after)
        result = await self._transaction.read(keys.order_by(table.c.checksum).limit(limit + 1))
        checksums = list(result.scalars())
        wanted = checksums[:limit]
        found = await self.known(tenant, wanted) if wanted else {}
        return FilePage(
            files=tuple(found[checksum] for checksum in wanted if checksum in found),
            next_after=wanted[-1] if len(checksums) > limit else None,
        )

    async def say(self, tenant: str, checksum: str, storage: str, statement: Statement) -> bool:
        """One statement that decides like ``Statement.is_news`` and notes like ``Statement.noted``."""
        dialect = self._transaction.dialect
        noted = copy_statement.c
        insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(copy_statement)
        latest = (func.greatest if dialect == "postgresql" else func.max)(noted.said_at, insert.excluded.said_at)
        said = insert.on_conflict_do_update(
            index_elements=["tenant", "checksum", "storage"],
            set_={"said_at": latest},
            where=None if statement.overrides is None else noted.said_at <= statement.overrides,
        ).returning(noted.said_at)
        values = {"tenant": tenant, "checksum": checksum, "storage": storage, "said_at": statement.said_at}
        return (await self._transaction.write(said, values)).first() is not None

    async def purge_statements(self, before: datetime) -> int:
        """Delete the notes of what was said before."""
        result = await self._transaction.write(delete(copy_statement).where(copy_statement.c.said_at < before))
        return result.rowcount

    async def suspects(self, tenant: str) -> tuple[FileLocation, ...]:
        """Copies that failed a verification."""
        result = await self._transaction.read(
            select(file_location)
            .where(file_location.c.tenant == tenant, file_location.c.suspect_since.is_not(None))
            .order_by(file_location.c.checksum, file_location.c.storage)
        )
        return tuple(location_from(dict(row)) for row in result.mappings())

    async def save(self, files: Sequence[ArchiveFile], locations: Sequence[FileLocation]) -> None:
        """Insert or replace, in bulk."""
        dialect = self._transaction.dialect
        file_rows = {(row.tenant, row.checksum): file_values(row) for row in files}
        location_rows = {(row.tenant, row.checksum, row.storage): location_values(row) for row in locations}
        # In key order, so that two units that save the same files wait for each other instead of deadlocking.
        if file_rows:
            await self._transaction.write(upsert(dialect, file), [file_rows[key] for key in sorted(file_rows)])
        if location_rows:
            await self._transaction.write(
                upsert(dialect, file_location), [location_rows[key] for key in sorted(location_rows)]
            )

    async def remove_location(self, tenant: str, checksum: str, storage: str) -> bool:
        """Delete one copy, and the file with its last copy."""
        # Locks the file, so that of two units that remove the last two copies the second one sees it is the last.
        await self._transaction.write(
            update(file).where(_is(file, tenant, checksum)).values(registered_at=file.c.registered_at)
        )
        result = await self._transaction.write(
            delete(file_location).where(_is(file_location, tenant, checksum), file_location.c.storage == storage)
        )
        if result.rowcount == 0:
            return False
        has_copies = exists().where(_is(file_location, tenant, checksum))
        await self._transaction.write(delete(file).where(_is(file, tenant, checksum), ~has_copies))
        return True

    async def mark_suspect(self, location: FileLocation, *, since: datetime, reason: str) -> bool:
        """Mark a copy, once, if it is still the one that was read."""
        result = await self._transaction.write(
            update(file_location)
            .where(
                _is(file_location, location.tenant, location.checksum),
                file_location.c.storage == location.storage,
                file_location.c.url == location.url,
                file_location.c.version.is_not_distinct_from(location.version),
                file_location.c.suspect_since.is_(None),
            )
            .values(suspect_since=since, suspect_reason=reason)
        )
        return result.rowcount > 0

    async def mark_verified(self, location: FileLocation, *, version: str | None, at: datetime) -> None:
        """The copy was read and is right."""
        await self._transaction.write(
            update(file_location)
            .where(
                _is(file_location, location.tenant, location.checksum),
                file_location.c.storage == location.storage,
                file_location.c.url == location.url,
            )
            .values(suspect_since=None, suspect_reason=None, version=version, verified_at=at)
        )

    async def _found(
        self, query: Select[Any], parameters: dict[str, Any] | None = None
    ) -> dict[tuple[str, str], FoundFile]:
        result = await self._transaction.read(query, parameters)
        return found_files(tuple(row) for row in result)


def _is(table: Any, tenant: str, checksum: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (table.c.tenant == tenant) & (table.c.checksum == checksum)
    return condition
