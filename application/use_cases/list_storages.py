"""Read the configured storages, without the secrets in their parameters."""

import attrs

from application.errors import PluginUnusable
from application.ports.storage import PluginDescription, StorageRegistry
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.cool_down import CoolDown
from domain.errors import NotFound
from domain.storage_location import Delivery, StorageLocation, StorageType
from domain.stored_secret import MASK


@attrs.frozen(kw_only=True)
class ListStoragesRequest:
    """All storages of a tenant, or the one named."""

    tenant: str
    name: str | None = None


@attrs.frozen(kw_only=True)
class ParameterView:
    """One parameter of a plugin; ``value`` is ``MASK`` for a secret, and ``None`` when the plugin cannot be asked."""

    name: str
    type: str
    value: object


@attrs.frozen(kw_only=True)
class StorageView:
    """A configured storage. ``plugin_error`` says why it cannot be used at present.

    ``cool_down`` is there when it failed and was not read successfully since; ``warnings`` say what its owner should
    know of a change.
    """

    name: str
    storage_type: StorageType
    priority: int
    plugin_id: str | None
    plugin_version: str | None
    parameters: tuple[ParameterView, ...]
    active: bool
    verify: bool
    delivery: Delivery
    allocated_size_kb: int
    plugin_error: str | None = None
    cool_down: CoolDown | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, location: StorageLocation, registry: StorageRegistry) -> "StorageView":
        """The configuration as it may be shown."""
        plugin = next((p for p in registry.plugins() if p.plugin_id == location.plugin_id), None)
        return cls(
            name=location.name,
            storage_type=location.storage_type,
            priority=location.priority,
            plugin_id=location.plugin_id,
            plugin_version=plugin.version if plugin is not None else None,
            parameters=_shown(location, plugin),
            active=location.active,
            verify=location.verify,
            delivery=location.delivery,
            allocated_size_kb=location.allocated_size_kb,
            plugin_error=_trouble(location, plugin, registry),
        )


@attrs.frozen
class ListStorages:
    """Configured storages with type, priority (0 is tried first) and parameters; secrets are never shown."""

    unit_of_work: UnitOfWorkFactory
    registry: StorageRegistry

    async def execute(self, request: ListStoragesRequest) -> tuple[StorageView, ...]:
        """By type and priority. Raises ``NotFound`` when the one asked for does not exist, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            if request.name is None:
                locations = await work.storages.all(request.tenant)
            else:
                found = await work.storages.get(request.tenant, request.name)
                if found is None:
                    raise NotFound(f"There is no storage {request.name!r}.")
                locations = (found,)
            cool_downs = {row.storage: row for row in await work.cool_downs.all(request.tenant)}
        return tuple(
            attrs.evolve(StorageView.of(location, self.registry), cool_down=cool_downs.get(location.name))
            for location in locations
        )


def _shown(location: StorageLocation, plugin: PluginDescription | None) -> tuple[ParameterView, ...]:
    documented = {p.name: p for p in plugin.parameters} if plugin is not None else {}
    views = []
    for name, value in location.parameters.items():
        parameter = documented.get(name)
        if value is None:
            continue
        if parameter is None:
            views.append(ParameterView(name=name, type="STRING", value=None))
        else:
            views.append(ParameterView(name=name, type=parameter.type, value=MASK if parameter.secret else value))
    return tuple(views)


def _trouble(location: StorageLocation, plugin: PluginDescription | None, registry: StorageRegistry) -> str | None:
    """Why the storage cannot be used, as far as that is known without asking it."""
    if location.plugin_id is None:
        return None
    if plugin is None:
        return "This plugin is not installed."
    try:
        registry.storage(location)
    except PluginUnusable as error:
        return plugin.error or str(error)
    return None
