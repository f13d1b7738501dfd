"""Copies by the time of their last verification."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from adapters.persistence.mappers import location_from
from adapters.persistence.tables import file, file_location
from adapters.persistence.transaction import Transaction
from application.ports.scrub import ScrubRepository
from domain.digest import COMPUTABLE
from domain.file import FileLocation
from domain.scrub import ScrubState

_WITH_FILE = file_location.join(
    file, (file.c.tenant == file_location.c.tenant) & (file.c.checksum == file_location.c.checksum)
)
_IS_COMPUTABLE: ColumnElement[bool] = func.lower(func.replace(func.replace(file.c.algorithm, "-", ""), "_", "")).in_(
    sorted(COMPUTABLE)
)


class SqlScrubRepository(ScrubRepository):
    """Copies by tenant, storage and time of verification (``ix_file_location_verified``)."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def due(
        self, tenant: str, storage: str, *, verified_before: datetime, limit: int
    ) -> tuple[FileLocation, ...]:
        """Never verified ones first: in a query of their own, since the databases sort NULL differently."""
        copies = (
            select(file_location)
            .select_from(_WITH_FILE)
            .where(
                file_location.c.tenant == tenant,
                file_location.c.storage == storage,
                file_location.c.suspect_since.is_(None),
                _IS_COMPUTABLE,
            )
            .order_by(file_location.c.verified_at, file_location.c.checksum)
        )
        found = await self._read(copies.where(file_location.c.verified_at.is_(None)).limit(limit))
        if len(found) < limit:
            older = copies.where(file_location.c.verified_at < verified_before)
            found += await self._read(older.limit(limit - len(found)))
        return found

    async def states(self, tenant: str) -> tuple[ScrubState, ...]:
        """How far the copies on each storage are verified."""
        result = await self._transaction.read(
            select(
                file_location.c.storage,
                func.count().label("copies"),
                _count(file_location.c.verified_at.is_(None)).label("never_verified"),
                _count(~_IS_COMPUTABLE).label("unverifiable"),
                _count(file_location.c.suspect_since.is_not(None)).label("suspects"),
                func.min(file_location.c.verified_at).label("oldest_verified_at"),
            )
            .select_from(_WITH_FILE)
            .where(file_location.c.tenant == tenant)
            .group_by(file_location.c.storage)
            .order_by(file_location.c.storage)
        )
        return tuple(ScrubState(**row) for row in result.mappings())

    async def _read(self, query: Select[Any]) -> tuple[FileLocation, ...]:
        result = await self._transaction.read(query)
        return tuple(location_from(dict(row)) for row in result.mappings())


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))
