"""Copies that a restoration made: readable for some time, then gone (contract-downloader sections 7.4 and 7.5)."""

from datetime import datetime

import attrs

INTERNAL_CACHE = "cache"
"""The name of the storage that our own cache has in messages and answers; upstream's."""
INTERNAL_CACHE_PLUGIN = "InternalCache"
"""The plugin that reads it. Nobody configures it: the service does."""


@attrs.frozen(kw_only=True)
class CachedCopy:
    """One restored copy of a file; at most one per file.

    ``storage`` is ``INTERNAL_CACHE`` for a copy on our own disk, else the nearline storage that keeps it readable in
    place. ``url`` is what that storage reads.
    """

    tenant: str
    checksum: str
    storage: str
    url: str
    size_bytes: int
    published_at: datetime
    expires_at: datetime

    @property
    def is_internal(self) -> bool:
        """Whether it takes room on our own disk."""
        return self.storage == INTERNAL_CACHE
