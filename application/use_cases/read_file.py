"""Read what is recorded of one file."""

import attrs

from application.ports.files import FoundFile
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotFound


@attrs.frozen(kw_only=True)
class ReadFileRequest:
    """Which file of which tenant."""

    tenant: str
    checksum: str


@attrs.frozen
class ReadFile:
    """One file with all its copies."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ReadFileRequest) -> FoundFile:
        """Raises ``NotFound`` and ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            found = await work.files.get(request.tenant, request.checksum)
        if found is None:
            raise NotFound(f"There is no file with the checksum {request.checksum!r}.")
        return found
