"""How a configured storage looks on the wire (contract-downloader 1.7 and 8.1)."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from adapters.http.payloads import LARGEST_EXACT, Payload
from application.use_cases.list_storages import StorageView
from domain.errors import InvalidValue

StorageName = Annotated[
    str,
    msgspec.Meta(
        description="1 to 128 letters, digits, '-' or '_'.",
        examples=["disk-1"],
        extra_json_schema={"pattern": "^[0-9a-zA-Z_-]{1,128}$"},
    ),
]
Kilobytes = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_EXACT, description="Informative; 0 when not stated.")]


class PluginParameterValue(Payload):
    """One parameter. A secret is never shown; left out when a storage is changed, or sent as shown, it stays."""

    name: str
    type: str | None = None
    value: Annotated[
        Any, msgspec.Meta(description="For a secret '********' is shown; sent back, it keeps the secret.")
    ] = None
    dynamic: Annotated[bool | None, msgspec.Meta(description="Upstream's; not read.")] = None


class PluginConfiguration(Payload):
    """The plugin that reads a storage. Only `pluginId`, `active` and `parameters` are read from a request."""

    plugin_id: Annotated[str, msgspec.Meta(examples=["Local"])]
    active: bool | None = None
    parameters: list[PluginParameterValue] = msgspec.field(default_factory=list)
    label: str | None = None
    business_id: str | None = None
    version: str | None = None
    priority_order: int | None = None
    icon_url: str | None = None
    meta_data: dict[str, Any] | None = None
    error: Annotated[str | None, msgspec.Meta(description="Why the plugin cannot be used; not read.")] = None

    def values(self) -> dict[str, object]:
        """The parameters by name. Raises ``InvalidValue`` when one is given twice."""
        given = {parameter.name: parameter.value for parameter in self.parameters if parameter.value is not None}
        if len({parameter.name for parameter in self.parameters}) < len(self.parameters):
            raise InvalidValue("A plugin parameter is given twice.")
        return given


class StorageCoolDown(Payload):
    """The storage failed: until then copies on others are tried before its own. Gone after the next success."""

    until: datetime
    failures: Annotated[int, msgspec.Meta(description="In a row, with no success between.")]
    failed_at: datetime
    reason: str


class StorageLocationConfiguration(Payload):
    """A configured storage. Type and priority follow from the plugin and the order, and are not read from a request."""

    name: StorageName
    plugin_configuration: Annotated[
        PluginConfiguration | None, msgspec.Meta(description="Absent for an OFFLINE storage, which is never read.")
    ] = None
    storage_type: Annotated[
        str | None, msgspec.Meta(extra_json_schema={"enum": ["ONLINE", "NEARLINE", "OFFLINE", None]})
    ] = None
    priority: Annotated[int | None, msgspec.Meta(description="0 is tried first; unique per type.")] = None
    allocated_size_in_ko: Kilobytes | None = None
    verify: Annotated[
        bool | None,
        msgspec.Meta(description="Hash files as they leave; hold the last bytes back until the digest matches."),
    ] = None
    delivery: Annotated[
        Literal["STREAM", "REDIRECT"] | None,
        msgspec.Meta(description="REDIRECT sends clients to the storage itself, where its plugin can sign URLs."),
    ] = None
    cool_down: Annotated[StorageCoolDown | None, msgspec.Meta(description="Not read from a request.")] = None
    warnings: Annotated[
        list[str] | None, msgspec.Meta(description="What to know of a change; not read from a request.")
    ] = None

    @classmethod
    def of(cls, view: StorageView) -> "StorageLocationConfiguration":
        """The configuration as it may be shown."""
        return cls(
            name=view.name,
            plugin_configuration=_plugin(view),
            storage_type=view.storage_type.value,
            priority=view.priority,
            allocated_size_in_ko=view.allocated_size_kb,
            verify=view.verify,
            delivery=view.delivery.value,
            cool_down=_cool_down(view),
            warnings=list(view.warnings) or None,
        )


def _cool_down(view: StorageView) -> StorageCoolDown | None:
    if view.cool_down is None:
        return None
    return StorageCoolDown(
        until=view.cool_down.cooling_until,
        failures=view.cool_down.failures,
        failed_at=view.cool_down.failed_at,
        reason=view.cool_down.reason,
    )


def _plugin(view: StorageView) -> PluginConfiguration | None:
    if view.plugin_id is None:
        return None
    return PluginConfiguration(
        plugin_id=view.plugin_id,
        label=view.name,
        business_id=view.name,
        version=view.plugin_version,
        active=view.active,
        parameters=[PluginParameterValue(name=p.name, type=p.type, value=p.value) for p in view.parameters],
        error=view.plugin_error,
    )


EXAMPLE = {
    "name": "disk-1",
    "pluginConfiguration": {
        "pluginId": "Local",
        "active": True,
        "parameters": [{"name": "Storage_URL", "type": "STRING", "value": "/archive"}],
        "label": "disk-1",
        "businessId": "disk-1",
        "version": "1.0.0",
    },
    "storageType": "ONLINE",
    "priority": 0,
    "allocatedSizeInKo": 0,
    "verify": False,
    "delivery": "STREAM",
}
