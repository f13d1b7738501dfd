"""Configure a new storage."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.configured_storage import StorageConfigurations, StorageRequest
from application.use_cases.list_storages import StorageView
from domain.errors import AlreadyExists
from domain.storage_location import StorageLocation
from domain.storage_order import next_priority


@attrs.frozen
class AddStorage:
    """Configure a storage.

    - Its type is that of its plugin; without a plugin it is OFFLINE.
    - It becomes the last of its type in priority.
    - The plugin must accept the parameters; the storage itself is not touched.
    - Its secrets are sealed before they are kept.
    - Administrators of a tenant place storages only where the operator lets them.
    """

    unit_of_work: UnitOfWorkFactory
    configurations: StorageConfigurations

    async def execute(self, request: StorageRequest) -> StorageView:
        """Raises ``AlreadyExists``, ``Forbidden``, ``InvalidValue``, ``Conflict``, ``DatabaseUnavailable``."""
        storage_type, parameters = self.configurations.checked(request)
        async with self.unit_of_work() as work:
            storages = await work.storages.all_to_change(request.tenant)
            if any(storage.name == request.name for storage in storages):
                raise AlreadyExists(f"There is a storage {request.name!r} already.")
            location = StorageLocation(
                tenant=request.tenant,
                name=request.name,
                storage_type=storage_type,
                priority=next_priority(storages, storage_type),
                plugin_id=request.plugin_id,
                parameters=parameters,
                active=request.active,
                verify=request.verify,
                delivery=request.delivery,
                allocated_size_kb=request.allocated_size_kb,
            )
            await work.storages.save([location])
            await work.commit()
        return StorageView.of(location, self.configurations.registry)
