"""List registered files."""

import attrs

from application.ports.files import FilePage
from application.ports.unit_of_work import UnitOfWorkFactory


@attrs.frozen(kw_only=True)
class ListFilesRequest:
    """A page of files in checksum order, after a checksum, optionally only those with a copy on one storage."""

    tenant: str
    storage: str | None = None
    after: str | None = None
    limit: int = 100


@attrs.frozen
class ListFiles:
    """Files of a tenant with all their copies."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ListFilesRequest) -> FilePage:
        """One page. Raises ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            return await work.files.page(
                request.tenant, storage=request.storage, after=request.after, limit=request.limit
            )
