"""Remove the record of one copy of a file; its bytes stay where they are."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound


@attrs.frozen(kw_only=True)
class RemoveFileLocationRequest:
    """Which copy."""

    tenant: str
    checksum: str
    storage: str


@attrs.frozen
class RemoveFileLocation:
    """Forget one copy of a file, and the file with its last copy. Running transfers go on; no bytes are deleted."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: RemoveFileLocationRequest) -> None:
        """Raises ``NotFound`` and ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if not await work.files.remove_location(request.tenant, request.checksum, request.storage):
                raise NotFound(f"There is no copy of {request.checksum!r} on a storage {request.storage!r}.")
            await work.commit()
