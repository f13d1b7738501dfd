"""What is asked for when a storage is added or changed, and what is kept of it: checked, its secrets sealed."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from application.errors import PluginUnusable, SecretUnreadable
from application.ports.secrets import SecretBox, SecretPlace
from application.ports.storage import StorageRegistry
from domain.cached_copy import INTERNAL_CACHE, INTERNAL_CACHE_PLUGIN
from domain.errors import InvalidValue
from domain.storage_location import Delivery, StorageLocation, StorageType
from domain.stored_secret import MASK, sealed_in, stored


@attrs.frozen(kw_only=True)
class StorageRequest:
    """A storage as somebody wants it; without ``plugin_id`` it is OFFLINE: known, but never read.

    A secret parameter that is left out, or is given as ``MASK``, keeps the value that it has.
    """

    tenant: str
    name: str
    plugin_id: str | None
    parameters: Mapping[str, object] = attrs.field(factory=dict)
    active: bool = True
    verify: bool = False
    delivery: Delivery = Delivery.STREAM
    allocated_size_kb: int = 0
    is_by_tenant: bool = False
    """Asked for by an administrator of the tenant, not by the operator of the service."""


@attrs.frozen
class StorageConfigurations:
    """What the plugins and the operator accept, in the form in which it is kept."""

    registry: StorageRegistry
    secrets: SecretBox

    def checked(
        self, request: StorageRequest, old: StorageLocation | None = None
    ) -> tuple[StorageType, dict[str, object]]:
        """The type of the storage and its parameters to keep: defaults filled in, secrets sealed.

        Raises ``InvalidValue``, also for a plugin that cannot be used: asking for one is the caller's mistake;
        ``Forbidden`` for a tenant where the operator has not opened the place.
        """
        if request.name == INTERNAL_CACHE:
            raise InvalidValue(f"The name {INTERNAL_CACHE!r} is that of the service's own cache.")
        if request.plugin_id is None:
            if request.parameters:
                raise InvalidValue("A storage without a plugin has no parameters.")
            return StorageType.OFFLINE, {}
        if request.plugin_id == INTERNAL_CACHE_PLUGIN:
            raise InvalidValue(f"The plugin {INTERNAL_CACHE_PLUGIN} reads the service's own cache only.")
        try:
            return self._checked(request, request.plugin_id, old)
        except PluginUnusable as error:
            raise InvalidValue(str(error)) from error

    def newly_sealed(self, location: StorageLocation) -> StorageLocation | None:
        """The storage with every secret sealed by the newest key; nothing when that is so already.

        Raises ``SecretUnreadable``.
        """
        parameters = dict(location.parameters)
        for name in self._secret_names(location.plugin_id):
            value, place = parameters.get(name), _place(location, name)
            sealed = sealed_in(value)
            if sealed is not None and not self.secrets.is_newest(sealed):
                parameters[name] = stored(self.secrets.seal(self.secrets.open(sealed, place), place))
            elif isinstance(value, str):
                parameters[name] = stored(self.secrets.seal(value, place))
        return None if parameters == location.parameters else attrs.evolve(location, parameters=parameters)

    def _checked(
        self, request: StorageRequest, plugin_id: str, old: StorageLocation | None
    ) -> tuple[StorageType, dict[str, object]]:
        storage_type = self.registry.storage_type(plugin_id)
        names = self._secret_names(plugin_id)
        kept = {} if old is None or old.plugin_id != plugin_id else _only(old.parameters, names)
        given = {name: value for name, value in request.parameters.items() if name not in names or value != MASK}
        for name in names:
            if request.parameters.get(name) == MASK and name not in kept:
                raise InvalidValue(f"The parameter {name!r} is a secret: give its value, not what is shown instead.")
        kept = {name: value for name, value in kept.items() if name not in given}
        complete = self.registry.validated_parameters(plugin_id, self._opened(request, kept) | given)
        if request.is_by_tenant and kept and old is not None:
            _require_same_place(complete, old.parameters, names, sorted(kept))
        if request.is_by_tenant and _is_moved(plugin_id, complete, old, names):
            self.registry.require_tenant_may_place(request.tenant, plugin_id, complete)
        return storage_type, {
            name: self._sealed(request, name, value, kept.get(name)) if name in names else value
            for name, value in complete.items()
        }

    def _sealed(self, request: StorageRequest, name: str, value: object, kept: object) -> object:
        """A secret as it is kept: what is sealed by the newest key stays as it is."""
        old = sealed_in(kept)
        if not isinstance(value, str) or (old is not None and self.secrets.is_newest(old)):
            return value if kept is None else kept
        return stored(self.secrets.seal(value, _place(request, name)))

    def _opened(self, request: StorageRequest, kept: Mapping[str, object]) -> dict[str, object]:
        opened: dict[str, object] = {}
        for name, value in kept.items():
            sealed = sealed_in(value)
            try:
                opened[name] = value if sealed is None else self.secrets.open(sealed, _place(request, name))
            except SecretUnreadable as error:
                raise InvalidValue(f"{error} A new value for {name!r} can be given with this change.") from error
        return opened

    def _secret_names(self, plugin_id: str | None) -> frozenset[str]:
        found = (plugin for plugin in self.registry.plugins() if plugin.plugin_id == plugin_id)
        return frozenset(parameter.name for plugin in found for parameter in plugin.parameters if parameter.secret)


def _place(of: StorageRequest | StorageLocation, name: str) -> SecretPlace:
    return SecretPlace(tenant=of.tenant, storage=of.name, parameter=name)


def _only(parameters: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    return {name: parameters[name] for name in names if parameters.get(name) is not None}


def _require_same_place(
    complete: Mapping[str, object], before: Mapping[str, object], secrets: frozenset[str], kept: Sequence[str]
) -> None:
    """A secret of somebody else must not be turned on another place: whoever says where must know the secret.

    What is said in numbers and switches is no place. Raises ``InvalidValue``.
    """
    for name in complete.keys() | before.keys():
        values = (complete.get(name), before.get(name))
        if name not in secrets and values[0] != values[1] and not all(isinstance(v, int | float) for v in values):
            raise InvalidValue(f"With another {name!r}, give the secret {kept[0]!r} again: it stays with its place.")


def _is_moved(
    plugin_id: str, complete: Mapping[str, object], old: StorageLocation | None, secrets: frozenset[str]
) -> bool:
    """Whether it reads from elsewhere than before; a new secret for the same place is no move."""
    if old is None or old.plugin_id != plugin_id:
        return True
    before = {name: value for name, value in old.parameters.items() if name not in secrets}
    return before != {name: value for name, value in complete.items() if name not in secrets}
