"""Which copy is best: the order in which the copies of a file are tried (DESIGN section 5, step 3)."""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

import attrs

from domain.cached_copy import INTERNAL_CACHE, INTERNAL_CACHE_PLUGIN, CachedCopy
from domain.errors import CopiesUnreachable, DomainError, FileNotReadable, RestorationNeeded
from domain.file import FileLocation
from domain.storage_location import StorageLocation, StorageType


@attrs.frozen
class Copy:
    """A file location together with its storage; ``storage`` is ``None`` when nothing of that name is configured.

    ``readable_until`` is set for what a restoration made: a copy in the internal cache, or one that its nearline
    storage keeps readable. ``cooling_until`` is set while its storage, having failed, is left alone.
    """

    location: FileLocation
    storage: StorageLocation | None
    readable_until: datetime | None = attrs.field(default=None, kw_only=True)
    cooling_until: datetime | None = attrs.field(default=None, kw_only=True)

    @property
    def is_cached(self) -> bool:
        """Whether it lies in our own cache."""
        return self.location.storage == INTERNAL_CACHE

    def is_cooling(self, now: datetime) -> bool:
        """Whether its storage has failed lately."""
        return self.cooling_until is not None and now < self.cooling_until


def in_cache(cached: CachedCopy) -> Copy:
    """The copy that lies in our own cache, on the storage that the cache is."""
    return Copy(
        FileLocation(
            tenant=cached.tenant,
            checksum=cached.checksum,
            storage=INTERNAL_CACHE,
            url=cached.url,
            stored_at=cached.published_at,
        ),
        StorageLocation(
            tenant=cached.tenant,
            name=INTERNAL_CACHE,
            storage_type=StorageType.ONLINE,
            priority=0,
            plugin_id=INTERNAL_CACHE_PLUGIN,
        ),
        readable_until=cached.expires_at,
    )


def kept_readable(copy: Copy, cached: CachedCopy) -> Copy:
    """The copy as the restoration left it, when it is on the storage that keeps it readable."""
    if copy.location.storage != cached.storage:
        return copy
    return attrs.evolve(copy, location=attrs.evolve(copy.location, url=cached.url), readable_until=cached.expires_at)


class Readiness(IntEnum):
    """How near a copy is to being read, best first."""

    READABLE = 0
    DOWN = 1
    RESTORABLE = 2
    NEVER = 3


def readiness(copy: Copy, now: datetime) -> Readiness:
    """Classify one copy from what is recorded, without asking its storage.

    - A storage that is switched off, or a copy that failed a verification, may come back: DOWN.
    - What a restoration made is readable until it expires; then a copy in the cache is none any more.
    """
    storage = copy.storage
    if storage is None or storage.storage_type is StorageType.OFFLINE:
        return Readiness.NEVER
    if not storage.active or copy.location.is_suspect:
        return Readiness.DOWN
    if copy.readable_until is not None and now < copy.readable_until:
        return Readiness.READABLE
    if copy.is_cached:
        return Readiness.NEVER
    if storage.storage_type is StorageType.NEARLINE:
        return Readiness.RESTORABLE
    return Readiness.READABLE


def in_order_of_choice(copies: Iterable[Copy], now: datetime) -> tuple[Copy, ...]:
    """The copies that may be read now, in the order to try them.

    The internal cache first, then ONLINE, then NEARLINE, each by priority and name; copies on a storage that has just
    failed come after all others, since waiting for it would only help when nothing else does.
    """
    ready = [copy for copy in copies if readiness(copy, now) is Readiness.READABLE]
    return tuple(sorted(ready, key=lambda copy: _preference(copy, now)))


def restorable(copies: Iterable[Copy], now: datetime) -> tuple[Copy, ...]:
    """The nearline copies that their storages may know to be readable, or could restore, best first."""
    found = [copy for copy in copies if readiness(copy, now) is Readiness.RESTORABLE]
    return tuple(sorted(found, key=lambda copy: _preference(copy, now)))


def why_none_is_readable(copies: Iterable[Copy], now: datetime) -> DomainError:
    """The refusal for a file of which no copy can be read now.

    A copy that is down may come back (try later); else one that can be restored (ask for it); else none ever will.
    """
    best = min((readiness(copy, now) for copy in copies), default=Readiness.NEVER)
    if best in (Readiness.READABLE, Readiness.DOWN):
        return CopiesUnreachable(
            "Every copy of this file is on a storage that is down, or waits for a repair. Try again later."
        )
    if best is Readiness.RESTORABLE:
        return RestorationNeeded("This file is on a nearline storage and must be restored before it can be downloaded.")
    return FileNotReadable("No copy of this file is on a storage that can be read.")


def _preference(copy: Copy, now: datetime) -> tuple[bool, int, int, str]:
    assert copy.storage is not None, "only copies on configured storages are compared"
    tier = 2 if copy.storage.storage_type is StorageType.NEARLINE else 1
    return copy.is_cooling(now), 0 if copy.is_cached else tier, copy.storage.priority, copy.storage.name
