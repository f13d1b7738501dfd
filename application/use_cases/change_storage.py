"""Change the configuration of a storage."""

from collections.abc import Mapping

import attrs

from application.ports.storage import StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.add_storage import checked_plugin
from application.use_cases.list_storages import StorageView
from domain.errors import NotFound
from domain.storage_location import StorageLocation
from domain.storage_order import next_priority, without


@attrs.frozen(kw_only=True)
class ChangeStorageRequest:
    """The whole new configuration of the storage ``name``. A secret parameter that is left out keeps its value."""

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
class ChangeStorage:
    """Replace the configuration of a storage.

    - Name and priority stay; a plugin of another type makes it the last of its new type.
    - A secret is never shown, so one that is left out keeps its value.
    - Administrators of a tenant place storages only where the operator lets them.
    """

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry

    async def execute(self, request: ChangeStorageRequest) -> StorageView:
        """Raises ``NotFound``, ``Forbidden``, ``InvalidValue``, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = await work.storages.all(request.tenant)
            old = next((storage for storage in storages if storage.name == request.name), None)
            if old is None:
                raise NotFound(f"There is no storage {request.name!r}.")
            given = {**self._kept_secrets(old, request), **request.parameters}
            storage_type, parameters = checked_plugin(self.registry, request.plugin_id, given)
            is_moved = (request.plugin_id, parameters) != (old.plugin_id, dict(old.parameters))
            if request.is_by_tenant and request.plugin_id is not None and is_moved:
                self.registry.require_tenant_may_place(request.tenant, request.plugin_id, parameters)
            stays = storage_type is old.storage_type
            new = attrs.evolve(
                old,
                storage_type=storage_type,
                priority=old.priority if stays else next_priority(storages, storage_type),
                plugin_id=request.plugin_id,
                parameters=parameters,
                active=request.active,
                verify=request.verify,
                allocated_size_kb=request.allocated_size_kb,
            )
            await work.storages.save([new, *(() if stays else without(storages, old.name))])
            await work.commit()
        return StorageView.of(new, self.registry)

    def _kept_secrets(self, old: StorageLocation, request: ChangeStorageRequest) -> dict[str, object]:
        if old.plugin_id != request.plugin_id:
            return {}
        plugin = next((p for p in self.registry.plugins() if p.plugin_id == old.plugin_id), None)
        secret = (
            {parameter.name for parameter in plugin.parameters if parameter.secret} if plugin is not None else set()
        )
        return {name: value for name, value in old.parameters.items() if name in secret and value is not None}
