"""From configured storage locations to usable storages."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any

import attrs
import structlog

from adapters.storage.discovery import ENTRY_POINT_GROUP, Discovery, discover
from adapters.storage.environment import PluginEnvironment
from adapters.storage.http_hosts import AllowedHosts
from adapters.storage.parameters import built, declaration_of, declared
from adapters.storage.plugin import StoragePlugin
from application.errors import PluginUnusable, SecretUnreadable
from application.ports.secrets import SecretBox, SecretPlace
from application.ports.storage import PluginDescription, Storage, StorageRegistry
from domain.errors import Forbidden, InvalidValue
from domain.storage_location import StorageLocation, StorageType
from domain.stored_secret import sealed_in

__all__ = ["ENTRY_POINT_GROUP", "PluginRegistry"]

MOST_STORAGES = 1024
"""So many are kept open; the one that was not used for longest is closed for another."""

_log = structlog.get_logger("rs_downloader.storages")


class PluginRegistry(StorageRegistry):
    """Finds plugins once, and keeps one storage for each configured one, until its configuration changes.

    Secrets are opened only here, when a storage is built.
    """

    def __init__(
        self,
        found: Iterable[EntryPoint] | None = None,
        *,
        environment: PluginEnvironment | None = None,
        secrets: SecretBox | None = None,
        most: int = MOST_STORAGES,
    ) -> None:
        self._environment = environment or PluginEnvironment()
        self._secrets = secrets
        self._most = most
        self._entries = found
        self._internal: dict[str, Callable[[StorageLocation], Storage]] = {}
        self._storages: OrderedDict[tuple[str, str], tuple[object, Storage]] = OrderedDict()
        self._retired: list[Storage] = []
        self._closing: set[asyncio.Task[None]] = set()

    @cached_property
    def _found(self) -> Discovery:
        """Found when first asked for: loading plugins takes up to a second, and most commands need none."""
        return discover(self._entries)

    def register_internal(self, plugin_id: str, build: Callable[[StorageLocation], Storage]) -> None:
        """A plugin of the service itself, which nobody sees or configures."""
        self._internal[plugin_id] = build

    def plugins(self) -> tuple[PluginDescription, ...]:
        return self._found.descriptions()

    def storage_type(self, plugin_id: str) -> StorageType:
        return self._plugin(plugin_id).storage_type

    def validated_parameters(self, plugin_id: str, parameters: dict[str, object]) -> dict[str, object]:
        plugin = self._plugin(plugin_id)
        complete = built(plugin_id, plugin.parameters, parameters)
        return {
            name: value
            for name, field in declared(plugin.parameters).items()
            if (value := getattr(complete, field.name)) is not None
        }

    def require_tenant_may_place(self, tenant: str, plugin_id: str, parameters: dict[str, object]) -> None:
        plugin = self._plugin(plugin_id)
        wanted = built(plugin_id, plugin.parameters, parameters)
        folders, servers = plugin.local_folders(wanted), plugin.servers(wanted)
        if folders is None and servers is None:
            raise Forbidden(
                f"The plugin {plugin_id} does not say what its storages read, so only the operator adds them, on the "
                "command line."
            )
        for folder in folders or ():
            self._environment.fence.require_tenant_may_place(tenant, folder)
        allowed = AllowedHosts.of(self._environment.allowed_hosts)
        for host, port in servers or ():
            # Whoever names the server decides what this service connects to from inside its network.
            if not allowed.may_ask(host, port):
                raise Forbidden(
                    f"The operator of this service has not opened {host}:{port} to storages of tenants "
                    "(RS_DOWNLOADER_HTTP_HOSTS); ask for it, or have the storage added on the command line."
                )

    def storage(self, location: StorageLocation) -> Storage:
        place = (location.tenant, location.name)
        configuration = (location.plugin_id, repr(sorted(location.parameters.items())))
        known = self._storages.get(place)
        if known is not None and known[0] == configuration:
            self._storages.move_to_end(place)
            return known[1]
        storage = self._built(location)
        self.forget(*place)
        self._storages[place] = (configuration, storage)
        if len(self._storages) > self._most:
            self._retire(self._storages.popitem(last=False)[1][1])
        return storage

    def forget(self, tenant: str, storage: str) -> None:
        if (known := self._storages.pop((tenant, storage), None)) is not None:
            self._retire(known[1])

    async def aclose(self) -> None:
        self._retired.extend(storage for _, storage in self._storages.values())
        self._storages.clear()
        while self._retired:
            await _close(self._retired.pop())
        if self._closing:
            await asyncio.gather(*self._closing)

    def _retire(self, storage: Storage) -> None:
        """Close it soon, or with everything else when there is no event loop to do it in."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._retired.append(storage)
            return
        task = loop.create_task(_close(storage))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _built(self, location: StorageLocation) -> Storage:
        if location.plugin_id is None:
            raise PluginUnusable(f"Storage {location.name!r} has no plugin.")
        if (internal := self._internal.get(location.plugin_id)) is not None:
            return internal(location)
        plugin = self._plugin(location.plugin_id)
        environment = attrs.evolve(self._environment, tenant=location.tenant, storage=location.name)
        try:
            parameters = built(plugin.plugin_id, plugin.parameters, self._opened(location, plugin))
            return plugin.build(parameters, environment)
        except InvalidValue as error:
            raise PluginUnusable(f"Storage {location.name!r}: {error}") from error
        except SecretUnreadable as error:
            raise SecretUnreadable(f"Storage {location.name!r}: {error}") from error
        except PluginUnusable:
            raise
        except Exception as error:  # noqa: BLE001 — foreign code: it must disable only this storage.
            _log.warning("a storage cannot be built", storage=location.name, error=type(error).__name__)
            raise PluginUnusable(
                f"Storage {location.name!r}: its plugin {plugin.plugin_id} fails ({type(error).__name__})."
            ) from None

    def _opened(self, location: StorageLocation, plugin: type[StoragePlugin]) -> dict[str, object]:
        """The parameters with secrets in the clear; those stored before secrets were sealed are so already."""
        opened: dict[str, object] = dict(location.parameters)
        for name in _secret_names(plugin):
            sealed = sealed_in(opened.get(name))
            if sealed is not None:
                if self._secrets is None:
                    raise SecretUnreadable("There is no key for its secrets.")
                place = SecretPlace(tenant=location.tenant, storage=location.name, parameter=name)
                opened[name] = self._secrets.open(sealed, place)
        return opened

    def _plugin(self, plugin_id: str) -> type[StoragePlugin]:
        if plugin_id in self._found.usable:
            return self._found.usable[plugin_id]
        for broken in self._found.broken:
            if broken.plugin_id == plugin_id:
                raise PluginUnusable(f"Storage plugin {plugin_id!r} cannot be used: {broken.error}")
        raise PluginUnusable(
            f"There is no storage plugin {plugin_id!r}. Known are: {', '.join(sorted(self._found.usable))}."
        )


def _secret_names(plugin: type[StoragePlugin]) -> list[str]:
    return [name for name, field in declared(plugin.parameters).items() if declaration_of(field).secret]


async def _close(storage: Any) -> None:
    try:
        await storage.aclose()
    except Exception as error:  # noqa: BLE001 — foreign code: what it fails to release harms nobody else.
        _log.warning("a storage was not closed", error=f"{type(error).__name__}: {error}")
