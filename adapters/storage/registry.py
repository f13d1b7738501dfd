"""From configured storage locations to usable storages, through the entry-point group of plugins."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import attrs
from cachetools import LRUCache

from adapters.storage.fence import Fence
from adapters.storage.plugin import StoragePlugin, documentation_of
from application.errors import PluginUnusable
from application.ports.storage import PluginDescription, PluginParameter, Storage, StorageRegistry
from domain.errors import InvalidValue
from domain.storage_location import StorageLocation, StorageType

ENTRY_POINT_GROUP = "rs_downloader.storage_plugins"

_KINDS: Mapping[str, tuple[type, ...]] = {
    "STRING": (str,),
    "BOOLEAN": (bool,),
    "INTEGER": (int,),
    "LONG": (int,),
    "FLOAT": (int, float),
    "DOUBLE": (int, float),
}


class PluginRegistry(StorageRegistry):
    """Finds plugins once; a broken one disables only itself and says why."""

    def __init__(self, found: Iterable[EntryPoint] | None = None, *, fence: Fence | None = None) -> None:
        self._fence = fence or Fence()
        self._plugins: dict[str, type[StoragePlugin]] = {}
        self._broken: dict[str, str] = {}
        # Storages hold no connection here, so a forgotten one costs nothing; the bound is for changing configurations.
        self._storages: LRUCache[object, Storage] = LRUCache(maxsize=1024)
        for entry in entry_points(group=ENTRY_POINT_GROUP) if found is None else found:
            self._load(entry)

    def plugins(self) -> tuple[PluginDescription, ...]:
        usable = [
            PluginDescription(
                plugin_id=name,
                storage_type=plugin.storage_type,
                description=plugin.description,
                version=plugin.version,
                parameters=_parameters_of(plugin),
            )
            for name, plugin in self._plugins.items()
        ]
        broken = [
            PluginDescription(plugin_id=name, storage_type=None, description="", version="", parameters=(), error=error)
            for name, error in self._broken.items()
        ]
        return tuple(sorted(usable + broken, key=lambda p: p.plugin_id))

    def storage_type(self, plugin_id: str) -> StorageType:
        return self._plugin(plugin_id).storage_type

    def validated_parameters(self, plugin_id: str, parameters: dict[str, object]) -> dict[str, object]:
        plugin = self._plugin(plugin_id)
        built = _build_parameters(plugin, parameters)
        return {
            documentation_of(field).name: value
            for field in attrs.fields(plugin.parameters)
            if (value := getattr(built, field.name)) is not None
        }

    def require_tenant_may_place(self, tenant: str, plugin_id: str, parameters: dict[str, object]) -> None:
        plugin = self._plugin(plugin_id)
        for folder in plugin.local_folders(_build_parameters(plugin, parameters)):
            self._fence.require_tenant_may_place(tenant, folder)

    def storage(self, location: StorageLocation) -> Storage:
        key = (location.tenant, location.name, location.plugin_id, repr(sorted(location.parameters.items())))
        storage = self._storages.get(key)
        if storage is None:
            if location.plugin_id is None:
                raise PluginUnusable(f"Storage {location.name!r} has no plugin.")
            plugin = self._plugin(location.plugin_id)
            try:
                storage = plugin.build(_build_parameters(plugin, dict(location.parameters)), self._fence)
            except InvalidValue as error:
                raise PluginUnusable(f"Storage {location.name!r}: {error}") from error
            self._storages[key] = storage
        return storage

    def _plugin(self, plugin_id: str) -> type[StoragePlugin]:
        if plugin_id in self._plugins:
            return self._plugins[plugin_id]
        if plugin_id in self._broken:
            raise PluginUnusable(f"Storage plugin {plugin_id!r} cannot be used: {self._broken[plugin_id]}")
        raise PluginUnusable(
            f"There is no storage plugin {plugin_id!r}. Known are: {', '.join(sorted(self._plugins))}."
        )

    def _load(self, entry: EntryPoint) -> None:
        try:
            plugin: type[StoragePlugin] = entry.load()
            _parameters_of(plugin)
            self._plugins[plugin.plugin_id] = plugin
        except Exception as error:  # noqa: BLE001 — foreign code: whatever it raises must disable only this plugin.
            self._broken[entry.name] = f"{type(error).__name__}: {error}"


def _parameters_of(plugin: type[StoragePlugin]) -> tuple[PluginParameter, ...]:
    described = []
    for field in attrs.fields(plugin.parameters):
        documentation = documentation_of(field)
        described.append(
            PluginParameter(
                name=documentation.name,
                type=documentation.type,
                description=documentation.description,
                required=field.default is attrs.NOTHING,
                default=None if field.default is attrs.NOTHING else field.default,
                secret=documentation.secret,
            )
        )
    return tuple(described)


def _build_parameters(plugin: type[StoragePlugin], given: dict[str, object]) -> Any:
    fields = {documentation_of(f).name: f for f in attrs.fields(plugin.parameters)}
    if unknown := sorted(given.keys() - fields.keys()):
        raise InvalidValue(f"{plugin.plugin_id} has no parameter {unknown[0]!r}. Known are: {', '.join(fields)}.")
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name not in given:
            if field.default is attrs.NOTHING:
                raise InvalidValue(f"{plugin.plugin_id} needs the parameter {name!r}.")
            continue
        value, kind = given[name], documentation_of(field).type
        expected = _KINDS.get(kind)
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
            raise InvalidValue(f"The parameter {name!r} of {plugin.plugin_id} is a {kind}.")
        values[field.alias or field.name] = value
    try:
        return plugin.parameters(**values)
    except ValueError as error:
        raise InvalidValue(f"{plugin.plugin_id}: {error}") from error
