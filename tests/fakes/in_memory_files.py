"""Files and their copies over the in-memory tables."""

from collections.abc import Sequence
from datetime import datetime

import anyio.lowlevel
import attrs

from application.ports.files import FileFinder, FilePage, FileRepository, FoundFile
from domain.file import ArchiveFile, FileLocation
from domain.statement import Statement
from tests.fakes.in_memory_database import InMemoryDatabase, Tables
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryFileFinder(FileFinder):
    """The read of the hot path, on what is committed."""

    def __init__(self, database: InMemoryDatabase) -> None:
        self._database = database

    async def find(self, tenant: str, checksum: str) -> FoundFile | None:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        return self._database.tables.found(tenant, checksum)


class InMemoryFileRepository(FileRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def get(self, tenant: str, checksum: str) -> FoundFile | None:
        return self._unit.tables.found(tenant, checksum)

    async def known(self, tenant: str, checksums: Sequence[str]) -> dict[str, FoundFile]:
        found = {checksum: self._unit.tables.found(tenant, checksum) for checksum in checksums}
        return {checksum: row for checksum, row in found.items() if row is not None}

    async def page(self, tenant: str, *, storage: str | None, after: str | None, limit: int) -> FilePage:
        tables = self._unit.tables
        checksums = sorted(
            checksum
            for owner, checksum in tables.files
            if owner == tenant
            and (after is None or checksum > after)
            and (storage is None or (tenant, checksum, storage) in tables.locations)
        )
        files = [tables.found(tenant, checksum) for checksum in checksums[:limit]]
        return FilePage(
            files=tuple(row for row in files if row is not None),
            next_after=checksums[limit - 1] if len(checksums) > limit else None,
        )

    async def say(self, tenant: str, checksum: str, storage: str, statement: Statement) -> bool:
        def change(tables: Tables) -> bool:
            key = tenant, checksum, storage
            last = tables.copy_statements.get(key)
            is_news = statement.is_news(last)
            if is_news:
                tables.copy_statements[key] = statement.noted(last)
            return is_news

        return self._unit.write(change)

    async def purge_statements(self, before: datetime) -> int:
        def change(tables: Tables) -> int:
            old = [key for key, said_at in tables.copy_statements.items() if said_at < before]
            for key in old:
                del tables.copy_statements[key]
            return len(old)

        return self._unit.write(change)

    async def suspects(self, tenant: str) -> tuple[FileLocation, ...]:
        mine = [row for row in self._unit.tables.locations.values() if row.tenant == tenant and row.is_suspect]
        return tuple(sorted(mine, key=lambda row: (row.checksum, row.storage)))

    async def save(self, files: Sequence[ArchiveFile], locations: Sequence[FileLocation]) -> None:
        file_rows = {(row.tenant, row.checksum): row for row in files}
        location_rows = {(row.tenant, row.checksum, row.storage): row for row in locations}

        def change(tables: Tables) -> None:
            tables.files.update(file_rows)
            tables.locations.update(location_rows)

        self._unit.write(change)

    async def remove_location(self, tenant: str, checksum: str, storage: str) -> bool:
        def change(tables: Tables) -> bool:
            if tables.locations.pop((tenant, checksum, storage), None) is None:
                return False
            if not any((owner, key) == (tenant, checksum) for owner, key, _ in tables.locations):
                tables.files.pop((tenant, checksum), None)
            return True

        return self._unit.write(change)

    async def mark_suspect(self, location: FileLocation, *, since: datetime, reason: str) -> bool:
        key = (location.tenant, location.checksum, location.storage)

        def change(tables: Tables) -> bool:
            row = tables.locations.get(key)
            if row is None or row.is_suspect or (row.url, row.version) != (location.url, location.version):
                return False
            tables.locations[key] = attrs.evolve(row, suspect_since=since, suspect_reason=reason)
            return True

        return self._unit.write(change)

    async def mark_verified(self, location: FileLocation, *, version: str | None, at: datetime) -> None:
        key = (location.tenant, location.checksum, location.storage)

        def change(tables: Tables) -> None:
            row = tables.locations.get(key)
            if row is not None and row.url == location.url:
                tables.locations[key] = attrs.evolve(
                    row, suspect_since=None, suspect_reason=None, version=version, verified_at=at
                )

        self._unit.write(change)
