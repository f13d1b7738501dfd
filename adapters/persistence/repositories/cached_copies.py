"""What restorations made readable."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select

from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.mappers import cached_copy_from, cached_copy_values
from adapters.persistence.tables import cached_copy, restoration
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.cached_copies import CachedCopyRepository
from domain.cached_copy import INTERNAL_CACHE, CachedCopy

_IS_INTERNAL = cached_copy.c.storage == INTERNAL_CACHE


class SqlCachedCopyRepository(CachedCopyRepository):
    """Cached copies by tenant and checksum."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, CachedCopy]:
        """The copies of files."""
        wanted = unfolded(self._transaction.dialect, "wanted", [cached_copy.c.checksum])
        query = _of(tenant).where(cached_copy.c.checksum.in_(select(wanted.c.checksum)))
        found = await self._found(query, {"wanted": encoded([checksum] for checksum in checksums)})
        return {copy.checksum: copy for copy in found}

    async def by_urls(self, tenant: str, urls: Collection[str]) -> dict[str, CachedCopy]:
        """The internal copies at these places."""
        wanted = unfolded(self._transaction.dialect, "wanted", [cached_copy.c.url])
        query = _of(tenant).where(_IS_INTERNAL, cached_copy.c.url.in_(select(wanted.c.url)))
        found = await self._found(query, {"wanted": encoded([url] for url in urls)})
        return {copy.url: copy for copy in found}

    async def save(self, copies: Sequence[CachedCopy]) -> None:
        """Insert or replace."""
        if copies:
            rows = [cached_copy_values(copy) for copy in sorted(copies, key=lambda copy: (copy.tenant, copy.checksum))]
            await self._transaction.write(upsert(self._transaction.dialect, cached_copy), rows)

    async def remove(self, copies: Sequence[CachedCopy]) -> None:
        """Delete the rows."""
        for copy in copies:
            await self._transaction.write(
                delete(cached_copy).where(cached_copy.c.tenant == copy.tenant, cached_copy.c.checksum == copy.checksum)
            )

    async def tenants_with_expired(self, now: datetime) -> tuple[str, ...]:
        """Tenants that have expired copies."""
        query = select(cached_copy.c.tenant).where(cached_copy.c.expires_at <= now).distinct()
        result = await self._transaction.read(query.order_by(cached_copy.c.tenant))
        return tuple(result.scalars())

    async def expired(self, tenant: str, now: datetime, limit: int) -> tuple[CachedCopy, ...]:
        """Expired copies, the oldest expiry first."""
        query = _of(tenant).where(cached_copy.c.expires_at <= now)
        return await self._found(query.order_by(cached_copy.c.expires_at, cached_copy.c.checksum).limit(limit))

    async def internal_page(self, tenant: str, *, after: str | None, limit: int) -> tuple[CachedCopy, ...]:
        """Internal copies by checksum."""
        query = _of(tenant).where(_IS_INTERNAL)
        if after is not None:
            query = query.where(cached_copy.c.checksum > after)
        return await self._found(query.order_by(cached_copy.c.checksum).limit(limit))

    async def used_bytes(self, tenant: str) -> tuple[int, int]:
        """Both sums in one statement, so that nothing moves from one to the other in between."""
        cached = select(func.coalesce(func.sum(cached_copy.c.size_bytes), 0)).where(
            cached_copy.c.tenant == tenant, _IS_INTERNAL
        )
        reserved = select(func.coalesce(func.sum(restoration.c.reserved_bytes), 0)).where(
            restoration.c.tenant == tenant, restoration.c.reserved_bytes > 0
        )
        both = select(cached.scalar_subquery(), reserved.scalar_subquery())
        cached_bytes, reserved_bytes = tuple((await self._transaction.read(both)).one())
        return int(cached_bytes), int(reserved_bytes)

    async def _found(self, query: Select[Any], parameters: dict[str, Any] | None = None) -> tuple[CachedCopy, ...]:
        result = await self._transaction.read(query, parameters)
        return tuple(cached_copy_from(dict(row)) for row in result.mappings())


def _of(tenant: str) -> Select[Any]:
    return select(cached_copy).where(cached_copy.c.tenant == tenant)
