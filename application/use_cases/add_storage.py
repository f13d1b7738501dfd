"""Configure a new storage."""

from collections.abc import Mapping

import attrs

from application.errors import PluginUnusable
from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.list_storages import StorageView
from domain.errors import AlreadyExists, InvalidValue
from domain.storage_location import StorageLocation, StorageType
from domain.storage_order import next_priority


@attrs.frozen(kw_only=True)
class AddStorageRequest:
    """A storage to configure; without ``plugin_id`` it is OFFLINE: known, but never read."""

    tenant: str
    name: str
    plugin_id: str | None
    parameters: Mapping[str, object] = attrs.field(factory=dict)
    active: bool = True
    verify: bool = False
    allocated_size_kb: int = 0
    is_by_tenant: bool = False
    """Asked for by an administrator of the tenant, not by the operator of the service."""


@attrs.frozen
class AddStorage:
    """Configure a storage.

    - Its type is that of its plugin; without a plugin it is OFFLINE.
    - It becomes the last of its type in priority.
    - The plugin must accept the parameters; the storage itself is not touched.
    - Administrators of a tenant place storages only where the operator lets them.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry

    async def execute(self, request: AddStorageRequest) -> StorageView:
        """Raises ``AlreadyExists``, ``Forbidden``, ``InvalidValue``, ``Conflict``, ``DatabaseUnavailable``."""
        storage_type, parameters = checked_plugin(self.registry, request.plugin_id, request.parameters)
        if request.is_by_tenant and request.plugin_id is not None:
            self.registry.require_tenant_may_place(request.tenant, request.plugin_id, parameters)
        async with self.unit_of_work() as work:
            storages = await work.storages.all(request.tenant)
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
                allocated_size_kb=request.allocated_size_kb,
            )
            await work.storages.save([location])
            await work.commit()
        return StorageView.of(location, self.registry)


def checked_plugin(
    registry: StorageRegistry, plugin_id: str | None, parameters: Mapping[str, object]
) -> tuple[StorageType, dict[str, object]]:
    """The type of storage that a plugin makes, and its parameters with defaults filled in.

    Raises ``InvalidValue``, also for a plugin that cannot be used: asking for one is the caller's mistake.
    """
    if plugin_id is None:
        if parameters:
            raise InvalidValue("A storage without a plugin has no parameters.")
        return StorageType.OFFLINE, {}
    try:
        return registry.storage_type(plugin_id), registry.validated_parameters(plugin_id, dict(parameters))
    except PluginUnusable as error:
        raise InvalidValue(str(error)) from error
