"""Remove the configuration of a storage that holds no registered files."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.errors import NotEmpty, NotFound
from domain.storage_order import without


@attrs.frozen(kw_only=True)
class RemoveStorageRequest:
    """Which storage of which tenant."""

    tenant: str
    name: str


@attrs.frozen
class RemoveStorage:
    """Remove a storage; those behind it move up. Refused while copies are registered on it; no bytes are deleted."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: RemoveStorageRequest) -> None:
        """Raises ``NotFound``, ``NotEmpty``, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = await work.storages.all_to_change(request.tenant)
            if all(storage.name != request.name for storage in storages):
                raise NotFound(f"There is no storage {request.name!r}.")
            if await work.storages.holds_files(request.tenant, request.name):
                raise NotEmpty(f"Files are registered on the storage {request.name!r}; remove their copies first.")
            await work.storages.remove(request.tenant, request.name)
            await work.storages.save(without(storages, request.name))
            await work.commit()
