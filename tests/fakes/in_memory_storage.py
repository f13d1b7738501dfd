"""A storage in memory whose failures are scripted, and the registry that hands it out."""

from collections.abc import Callable

import anyio
import anyio.lowlevel
import attrs

from application.errors import CopyChanged, CopyMissing, LocationRefused, PluginUnusable, StorageUnavailable
from application.ports.storage import (
    ByteSource,
    CopyStatus,
    PluginDescription,
    PluginParameter,
    Storage,
    StorageRegistry,
)
from domain.cached_copy import INTERNAL_CACHE_PLUGIN
from domain.errors import Forbidden, InvalidValue
from domain.file import FileLocation
from domain.storage_location import StorageLocation, StorageType

MEMORY_PLUGIN = PluginDescription(
    plugin_id="Memory",
    storage_type=StorageType.ONLINE,
    description="Keeps objects in memory.",
    version="1",
    parameters=(
        PluginParameter(name="root", type="STRING", description="Prefix of every URL.", required=False, default="/"),
        PluginParameter(name="password", type="STRING", description="Opens it.", required=False, secret=True),
    ),
)
BROKEN_PLUGIN = PluginDescription(
    plugin_id="Broken", storage_type=None, description="", version="", parameters=(), error="It cannot be imported."
)


@attrs.define(kw_only=True)
class Misbehaviour:
    """What goes wrong with one object, or with every object of a storage.

    ``dies_after``: reads fail from this offset on. ``stalls_at``: a read at or beyond this offset waits for
    ``released``. ``changes_at``: from this offset on the copy counts as changed. ``corrupt_at``: this byte is wrong.
    ``largest_read``: a read returns at most so many bytes. ``unavailable`` and ``missing``: opening fails.
    ``fails_at``: from this offset on a read raises what no port knows, and so does asking whether the storage is there.
    ``empty_at``: from this offset on a read returns nothing. ``overlong_at``: a read of this byte returns one byte more
    than asked. ``claims_size`` and ``claims_version``: what the plugin says that it has opened, without looking.
    ``opening_stalls``: opening, and asking whether the storage is there, waits for ``released``. ``stalled`` is told
    when something begins to wait.
    """

    dies_after: int | None = None
    stalls_at: int | None = None
    changes_at: int | None = None
    corrupt_at: int | None = None
    largest_read: int | None = None
    unavailable: bool = False
    missing: bool = False
    fails_at: int | None = None
    empty_at: int | None = None
    overlong_at: int | None = None
    claims_size: int | None = None
    claims_version: str | None = None
    opening_stalls: bool = False
    stalled: Callable[[], None] = lambda: None
    released: anyio.Event = attrs.field(factory=anyio.Event)

    @property
    def stops(self) -> tuple[tuple[int | None, Exception], ...]:
        """From where on a read raises what."""
        return (
            (self.changes_at, CopyChanged("The object changed while it was read.")),
            (self.dies_after, StorageUnavailable("The storage died while reading.")),
            (self.fails_at, self.failure),
        )

    @property
    def failure(self) -> Exception:
        """What a plugin with faults of its own raises."""
        return ZeroDivisionError("A plugin has faults of its own.")


class InMemorySource(ByteSource):
    """An opened object; remembers what was read of it and whether it was closed."""

    def __init__(self, data: bytes, status: CopyStatus, misbehaviour: Misbehaviour) -> None:
        self._data = data
        self._status = status
        self._misbehaviour = misbehaviour
        self.reads: list[tuple[int, int]] = []
        self.is_closed = False

    @property
    def status(self) -> CopyStatus:
        return self._status

    @property
    def file_descriptor(self) -> int | None:
        return None

    async def read(self, offset: int, length: int) -> bytes:
        await anyio.lowlevel.checkpoint()
        self._check_open()
        script = self._misbehaviour
        length = await self._stalled(offset, length)
        for stops_at, error in script.stops:
            if stops_at is not None:
                if offset >= stops_at:
                    raise error
                length = min(length, stops_at - offset)
        if script.empty_at is not None and offset >= script.empty_at:
            return b""
        if script.overlong_at is not None and offset <= script.overlong_at < offset + length:
            return (self._data + b"more")[offset : offset + length + 1]
        if script.largest_read is not None:
            length = min(length, script.largest_read)
        data = self._data[offset : offset + length]
        if not data:
            raise StorageUnavailable("The object ends too early.")
        self.reads.append((offset, len(data)))
        if script.corrupt_at is not None and offset <= script.corrupt_at < offset + len(data):
            wrong = script.corrupt_at - offset
            data = data[:wrong] + bytes([data[wrong] ^ 0xFF]) + data[wrong + 1 :]
        return data

    async def _stalled(self, offset: int, length: int) -> int:
        """Wait where the script says so; how much can be read without."""
        script = self._misbehaviour
        if script.stalls_at is not None and offset + length > script.stalls_at:
            if offset < script.stalls_at:
                length = script.stalls_at - offset
            else:
                script.stalled()
                await script.released.wait()
        return length

    async def check_unchanged(self) -> None:
        await anyio.lowlevel.checkpoint()
        self._check_open()
        if self._misbehaviour.changes_at is not None:
            raise CopyChanged("The object changed while it was read.")

    async def aclose(self) -> None:
        self.is_closed = True

    def _check_open(self) -> None:
        if self.is_closed:
            raise StorageUnavailable("The object was closed.")


class InMemoryStorage(Storage):
    """Objects by URL. ``misbehave`` scripts what goes wrong; ``sources`` holds everything that was opened."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, str]] = {}
        self._misbehaviours: dict[str | None, Misbehaviour] = {}
        self._puts = 0
        self.sources: list[InMemorySource] = []

    def put(self, url: str, data: bytes) -> str:
        """Store or replace an object; returns its version."""
        self._puts += 1
        version = f"v{self._puts}"
        self._objects[url] = (data, version)
        return version

    def remove(self, url: str) -> None:
        del self._objects[url]

    def misbehave(self, misbehaviour: Misbehaviour, url: str | None = None) -> Misbehaviour:
        """Script what goes wrong with one object, or with all (``None``)."""
        self._misbehaviours[url] = misbehaviour
        return misbehaviour

    def behave(self) -> None:
        """Everything works again, for what is opened from now on."""
        self._misbehaviours.clear()

    @property
    def open_sources(self) -> list[InMemorySource]:
        """What was opened and not closed."""
        return [source for source in self.sources if not source.is_closed]

    def validate_url(self, url: str) -> None:
        if not url or ".." in url.split("/"):
            raise LocationRefused("The URL is outside of this storage.")

    async def probe(self) -> None:
        await anyio.lowlevel.checkpoint()
        script = self._misbehaviour(None)
        if script.opening_stalls:
            script.stalled()
            await script.released.wait()
        if script.unavailable:
            raise StorageUnavailable("The storage does not answer.")
        if script.fails_at is not None:
            raise script.failure

    async def check(self, url: str) -> CopyStatus:
        await anyio.lowlevel.checkpoint()
        self.validate_url(url)
        script = self._misbehaviour(url)
        if script.unavailable:
            raise StorageUnavailable("The storage does not answer.")
        if script.missing or url not in self._objects:
            raise CopyMissing("There is no such object.")
        data, version = self._objects[url]
        return CopyStatus(size_bytes=len(data), version=version)

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        script = self._misbehaviour(location.url)
        if script.opening_stalls:
            script.stalled()
            await script.released.wait()
        status = await self.check(location.url)
        if script.claims_size is not None or script.claims_version is not None:
            claimed = CopyStatus(
                size_bytes=status.size_bytes if script.claims_size is None else script.claims_size,
                version=script.claims_version or status.version,
            )
            self.sources.append(InMemorySource(self._objects[location.url][0], claimed, script))
            return self.sources[-1]
        if status.size_bytes != size_bytes or location.version not in (None, status.version):
            raise CopyChanged("The object is not the one that was registered.")
        source = InMemorySource(self._objects[location.url][0], status, self._misbehaviour(location.url))
        self.sources.append(source)
        return source

    def _misbehaviour(self, url: str | None) -> Misbehaviour:
        return self._misbehaviours.get(url) or self._misbehaviours.get(None) or Misbehaviour()


class InMemoryStorageRegistry(StorageRegistry):
    """Storages by the name of their configuration; one that was not given is made empty when first asked for."""

    def __init__(self, storages: dict[str, InMemoryStorage] | None = None) -> None:
        self.storages = storages if storages is not None else {}
        self.closed_roots: set[object] = {"/closed"}
        self._plugins = {plugin.plugin_id: plugin for plugin in (BROKEN_PLUGIN, MEMORY_PLUGIN)}

    def plugins(self) -> tuple[PluginDescription, ...]:
        return tuple(self._plugins[plugin_id] for plugin_id in sorted(self._plugins))

    def storage_type(self, plugin_id: str) -> StorageType:
        found = self._usable(plugin_id).storage_type
        assert found is not None, "a usable plugin has a type"
        return found

    def validated_parameters(self, plugin_id: str, parameters: dict[str, object]) -> dict[str, object]:
        known = {parameter.name: parameter for parameter in self._usable(plugin_id).parameters}
        for name, value in parameters.items():
            if name not in known:
                raise InvalidValue(f"The plugin has no parameter {name!r}.")
            if not isinstance(value, str):
                raise InvalidValue(f"The parameter {name!r} must be a text.")
        return {parameter.name: parameters.get(parameter.name, parameter.default) for parameter in known.values()}

    def require_tenant_may_place(self, tenant: str, plugin_id: str, parameters: dict[str, object]) -> None:
        self._usable(plugin_id)
        if parameters.get("root") in self.closed_roots:
            raise Forbidden(f"The operator has not opened this to {tenant}.")

    def storage(self, location: StorageLocation) -> Storage:
        if location.plugin_id is None:
            raise PluginUnusable(f"The storage {location.name!r} has no plugin.")
        if location.plugin_id != INTERNAL_CACHE_PLUGIN:
            self._usable(location.plugin_id)
        return self.storages.setdefault(location.name, InMemoryStorage())

    def forget(self, tenant: str, storage: str) -> None:
        """Nothing is kept of a configuration."""

    async def aclose(self) -> None:
        """Nothing is held."""

    def _usable(self, plugin_id: str) -> PluginDescription:
        plugin = self._plugins.get(plugin_id)
        if plugin is None or plugin.error is not None:
            raise PluginUnusable(f"The plugin {plugin_id!r} cannot be used.")
        return plugin
