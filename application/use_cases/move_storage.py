"""Try a storage earlier or later than its neighbour of the same type."""

import attrs

from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.list_storages import StorageView
from domain.errors import NotFound
from domain.storage_order import moved


@attrs.frozen(kw_only=True)
class MoveStorageRequest:
    """Which storage, and whether it goes up (is tried earlier) or down."""

    tenant: str
    name: str
    up: bool


@attrs.frozen
class MoveStorage:
    """Change places with the next storage of the same type; the first cannot go up, the last not down."""

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry

    async def execute(self, request: MoveStorageRequest) -> StorageView:
        """The storage as it stands now. Raises ``NotFound``, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = await work.storages.all_to_change(request.tenant)
            present = next((storage for storage in storages if storage.name == request.name), None)
            if present is None:
                raise NotFound(f"There is no storage {request.name!r}.")
            changed = moved(storages, request.name, up=request.up)
            if changed:
                await work.storages.save(changed)
                await work.commit()
        return StorageView.of(changed[0] if changed else present, self.registry)
