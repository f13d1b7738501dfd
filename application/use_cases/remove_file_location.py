"""Remove the record of one copy of a file; its bytes stay where they are."""

import attrs

from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain.errors import NotFound
from domain.statement import Statement


@attrs.frozen(kw_only=True)
class RemoveFileLocationRequest:
    """Which copy. ``statement`` is given by who has heard that it is gone: then it need not be there."""

    tenant: str
    checksum: str
    storage: str
    statement: Statement | None = None


@attrs.frozen
class RemoveFileLocation:
    """Forget one copy of a file, and the file with its last copy. Running transfers go on; no bytes are deleted.

    What was heard counts unless something newer was said of the copy; that it is gone is known, also when it never was
    there: what says that it came, and has been overtaken, is too late then.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: RemoveFileLocationRequest) -> None:
        """Raises ``NotFound`` and ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if request.statement is not None:
                await self._heard(work, request, request.statement)
                await work.commit()
                return
            if not await work.files.remove_location(request.tenant, request.checksum, request.storage):
                raise NotFound(f"There is no copy of {request.checksum!r} on a storage {request.storage!r}.")
            await work.commit()

    async def _heard(self, work: UnitOfWork, request: RemoveFileLocationRequest, statement: Statement) -> None:
        place = (request.tenant, request.checksum, request.storage)
        if await work.files.say(*place, statement) and not await work.files.remove_location(*place):
            await work.files.say(*place, statement.of_what_is_missing())
