"""Read how full the internal cache of a tenant is."""

from datetime import datetime

import attrs

from application.ports.cache import Cache
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory

PAGE = 1000


@attrs.frozen(kw_only=True)
class CacheView:
    """The cache of one tenant. Expired copies are still counted until they have left."""

    folder: str
    limit_bytes: int
    cached_bytes: int
    reserved_bytes: int
    files: int
    expired_files: int
    next_expiry: datetime | None


@attrs.frozen
class ReadCache:
    """What lies in the cache of a tenant, what is on its way in, and when room becomes free next."""

    unit_of_work: UnitOfWorkFactory
    cache: Cache
    clock: Clock

    async def execute(self, tenant: str) -> CacheView:
        """Raises ``DatabaseUnavailable``."""
        now, after, expiries = self.clock.now(), None, list[datetime]()
        async with self.unit_of_work() as work:
            settings = await work.settings.current(tenant)
            cached, reserved = await work.cached_copies.used_bytes(tenant)
            while page := await work.cached_copies.internal_page(tenant, after=after, limit=PAGE):
                expiries += [copy.expires_at for copy in page]
                after = page[-1].checksum
        return CacheView(
            folder=self.cache.folder(tenant),
            limit_bytes=settings.cache_bytes,
            cached_bytes=cached,
            reserved_bytes=reserved,
            files=len(expiries),
            expired_files=sum(expiry <= now for expiry in expiries),
            next_expiry=min((expiry for expiry in expiries if expiry > now), default=None),
        )
