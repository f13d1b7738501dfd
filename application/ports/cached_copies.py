"""What restorations made readable: the rows of the cache, our own and those of storages that keep files readable."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from domain.cached_copy import CachedCopy


class CachedCopyRepository(Protocol):
    """Cached copies by tenant and checksum. Whoever changes one has locked the restorations of the tenant."""

    @abstractmethod
    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, CachedCopy]:
        """The copies of files, by checksum, expired or not."""

    @abstractmethod
    async def by_urls(self, tenant: str, urls: Collection[str]) -> dict[str, CachedCopy]:
        """The internal copies that lie at these places, by URL."""

    @abstractmethod
    async def save(self, copies: Sequence[CachedCopy]) -> None:
        """Insert or replace copies."""

    @abstractmethod
    async def remove(self, copies: Sequence[CachedCopy]) -> None:
        """Delete the rows of copies."""

    @abstractmethod
    async def tenants_with_expired(self, now: datetime) -> tuple[str, ...]:
        """Tenants that have copies which have expired."""

    @abstractmethod
    async def expired(self, tenant: str, now: datetime, limit: int) -> tuple[CachedCopy, ...]:
        """Copies that have expired, the oldest expiry first."""

    @abstractmethod
    async def internal_page(self, tenant: str, *, after: str | None, limit: int) -> tuple[CachedCopy, ...]:
        """Internal copies by checksum."""

    @abstractmethod
    async def used_bytes(self, tenant: str) -> tuple[int, int]:
        """What lies in the internal cache, and what running restorations have reserved in it; at one instant."""
