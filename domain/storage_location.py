"""Configured storages: name, type, plugin with parameters, priority (contract-downloader section 8.1)."""

import re
from collections.abc import Mapping
from enum import StrEnum

import attrs

from domain.errors import InvalidValue

_NAME = re.compile(r"[0-9a-zA-Z_-]{1,128}")


class StorageType(StrEnum):
    """How fast a storage answers: at once, after a restoration, or never through this service."""

    ONLINE = "ONLINE"
    NEARLINE = "NEARLINE"
    OFFLINE = "OFFLINE"


class Delivery(StrEnum):
    """How bytes reach the client: through this service, or straight from the storage by a signed URL."""

    STREAM = "STREAM"
    REDIRECT = "REDIRECT"


def _name(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if not _NAME.fullmatch(value):
        raise InvalidValue(f"A storage name has 1 to 128 letters, digits, '-' or '_'; {value!r} has not.")


@attrs.frozen(kw_only=True)
class StorageLocation:
    """A configured storage of one tenant.

    ``priority`` 0 is the best and unique per type. ``plugin_id`` is ``None`` exactly for an OFFLINE storage.
    ``verify`` hashes full files as they leave and holds the last bytes back until the digest matches.
    ``delivery`` REDIRECT sends clients of whole files to the storage itself, where its plugin can sign URLs.
    ``allocated_size_kb`` is informative, in kilobytes; 0 means not stated.
    """

    tenant: str
    name: str = attrs.field(validator=_name)
    storage_type: StorageType
    priority: int
    plugin_id: str | None = None
    parameters: Mapping[str, object] = attrs.field(factory=dict)
    active: bool = True
    verify: bool = False
    delivery: Delivery = Delivery.STREAM
    allocated_size_kb: int = 0

    def __attrs_post_init__(self) -> None:
        if (self.plugin_id is None) != (self.storage_type is StorageType.OFFLINE):
            raise InvalidValue("A storage without a plugin is OFFLINE, and only that.")
