"""Finding plugins through their entry points; what is wrong with one disables only that one, and is said."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

import attrs

from adapters.storage.parameters import Declaration, declaration_of, declared
from adapters.storage.plugin import StoragePlugin
from application.ports.storage import PluginDescription, PluginParameter
from domain.cached_copy import INTERNAL_CACHE_PLUGIN
from domain.storage_location import StorageType

ENTRY_POINT_GROUP = "rs_downloader.storage_plugins"
OWN_DISTRIBUTION = "rs-downloader"


@attrs.frozen(kw_only=True)
class Discovery:
    """What was found: plugins that can be used by id, and descriptions of those that cannot."""

    usable: dict[str, type[StoragePlugin]]
    broken: tuple[PluginDescription, ...]

    def descriptions(self) -> tuple[PluginDescription, ...]:
        """Every plugin by id; of two that claim the same one, the usable one first."""
        found = [described(plugin) for plugin in self.usable.values()]
        return tuple(sorted((*found, *self.broken), key=lambda p: (p.plugin_id, p.error is not None)))


def discover(entries: Iterable[EntryPoint] | None = None) -> Discovery:
    """Load every plugin of the environment, or those given.

    An id that several distributions claim belongs to the service itself if it is one of them; else to none, since
    nobody could tell by which one an archive is read.
    """
    loaded: dict[str, list[tuple[EntryPoint, type[StoragePlugin]]]] = {}
    broken: list[PluginDescription] = []
    for entry in entry_points(group=ENTRY_POINT_GROUP) if entries is None else entries:
        try:
            plugin = _checked(entry.load())
        except (Exception, SystemExit) as error:  # noqa: BLE001 — foreign code: it must disable only this plugin.
            broken.append(_broken(entry.name, f"{type(error).__name__}: {error}{_origin(entry)}"))
        else:
            loaded.setdefault(plugin.plugin_id, []).append((entry, plugin))
    usable = {}
    for plugin_id, claims in loaded.items():
        own = [claim for claim in claims if _distribution(claim[0]) == OWN_DISTRIBUTION]
        winners = own or claims
        if all(plugin is winners[0][1] for _, plugin in winners):
            usable[plugin_id] = winners[0][1]
            losers = [claim for claim in claims if claim[1] is not winners[0][1]]
        else:
            losers = claims
        for entry, _ in losers:
            others = sorted({_distribution(other) or other.value for other, _ in claims if other is not entry})
            claimed = f"The plugin id {plugin_id!r} is also claimed by {', '.join(others)}"
            broken.append(_broken(plugin_id, f"{claimed}; uninstall one of them.{_origin(entry)}"))
    return Discovery(usable=usable, broken=tuple(broken))


def described(plugin: type[StoragePlugin]) -> PluginDescription:
    """What a plugin documents of itself."""
    return PluginDescription(
        plugin_id=plugin.plugin_id,
        storage_type=plugin.storage_type,
        description=plugin.description,
        version=plugin.version,
        parameters=tuple(
            _described(declaration_of(field), field.default) for field in declared(plugin.parameters).values()
        ),
    )


def _described(declaration: Declaration, default: object) -> PluginParameter:
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # The stubs have it as a function.
        default = default.factory()  # type: ignore[attr-defined]  # As above.
    is_required = default is attrs.NOTHING
    return PluginParameter(
        name=declaration.name,
        type=declaration.type,
        description=declaration.description,
        required=is_required,
        default=None if is_required or declaration.secret else default,
        secret=declaration.secret,
        label=declaration.label or declaration.name.replace("_", " "),
        unit=declaration.unit,
        minimum=declaration.minimum,
        maximum=declaration.maximum,
        choices=declaration.choices,
    )


def _checked(plugin: object) -> type[StoragePlugin]:
    """The plugin, if it is one. Raises ``TypeError``, which says what is missing."""
    if not isinstance(plugin, type):
        raise TypeError(f"The entry point names {plugin!r}, which is no class.")
    for name, kind in (
        ("plugin_id", str),
        ("version", str),
        ("description", str),
        ("storage_type", StorageType),
        ("parameters", type),
    ):
        if not isinstance(getattr(plugin, name, None), kind):
            raise TypeError(f"The class {plugin.__qualname__} has no {name} that is a {kind.__name__}.")
    found: type[StoragePlugin] = plugin
    if not found.plugin_id or found.plugin_id == INTERNAL_CACHE_PLUGIN:
        raise TypeError(f"No plugin may be called {found.plugin_id!r}.")
    if found.storage_type is StorageType.OFFLINE:
        raise TypeError("A plugin reads its storages, so they are not OFFLINE.")
    if not callable(getattr(found, "build", None)) or getattr(found.build, "__isabstractmethod__", False):
        raise TypeError(f"The class {found.__qualname__} has no method build().")
    if StoragePlugin not in found.__mro__:
        raise TypeError(f"The class {found.__qualname__} is no subclass of StoragePlugin.")
    described(found)
    return found


def _broken(name: str, error: str) -> PluginDescription:
    return PluginDescription(plugin_id=name, storage_type=None, description="", version="", parameters=(), error=error)


def _distribution(entry: EntryPoint) -> str | None:
    return None if entry.dist is None else entry.dist.name


def _origin(entry: EntryPoint) -> str:
    name = _distribution(entry)
    return "" if name is None else f" (It comes with {name}.)"
