"""Reading bytes from where they are: small capabilities, each a protocol (DESIGN section 9)."""

from abc import abstractmethod
from typing import Protocol

import attrs

from domain.file import FileLocation
from domain.storage_location import StorageLocation, StorageType


@attrs.frozen(kw_only=True)
class CopyStatus:
    """What a storage says of one object: its size, and an opaque identity that changes when the bytes may have."""

    size_bytes: int
    version: str | None


class ByteSource(Protocol):
    """An opened copy. Its identity is pinned: what is read is what was opened, or an error.

    Every method raises ``StorageUnavailable`` (or a leaf of it) when the bytes cannot be had.
    """

    @property
    @abstractmethod
    def status(self) -> CopyStatus:
        """Size and identity as seen at opening."""

    @property
    @abstractmethod
    def file_descriptor(self) -> int | None:
        """Descriptor of a regular file that holds exactly this copy from offset 0, for zero copy, if there is one."""

    @abstractmethod
    async def read(self, offset: int, length: int) -> bytes:
        """Between 1 and ``length`` bytes from ``offset``; fewer is no error, none is never returned."""

    @abstractmethod
    async def check_unchanged(self) -> None:
        """Raise ``CopyChanged`` when the copy has changed since it was opened."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release what is held. Safe to call twice."""


class Storage(Protocol):
    """A configured storage, ready to use."""

    @abstractmethod
    def validate_url(self, url: str) -> None:
        """Raise ``LocationRefused`` when this storage would never read the URL. No I/O."""

    @abstractmethod
    async def probe(self) -> None:
        """Raise ``StorageUnavailable`` when the storage as a whole cannot be read now. Cheap: health pages ask."""

    @abstractmethod
    async def check(self, url: str) -> CopyStatus:
        """Size and identity of the object now. Raises ``LocationRefused``, ``CopyMissing``, ``StorageUnavailable``."""

    @abstractmethod
    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        """Open a copy for reading.

        Raises ``CopyChanged`` when size or version differ from the record, ``CopyMissing``, ``LocationRefused``,
        ``StorageUnavailable``.
        """


@attrs.frozen(kw_only=True)
class PluginParameter:
    """One documented parameter of a plugin, in upstream's vocabulary (contract-downloader 1.7)."""

    name: str
    type: str
    description: str
    required: bool
    default: object = None
    secret: bool = False


@attrs.frozen(kw_only=True)
class PluginDescription:
    """A storage plugin that this installation offers; ``error`` says why a broken one cannot be used."""

    plugin_id: str
    storage_type: StorageType | None
    description: str
    version: str
    parameters: tuple[PluginParameter, ...]
    error: str | None = None


class StorageRegistry(Protocol):
    """From configured storage locations to usable storages."""

    @abstractmethod
    def plugins(self) -> tuple[PluginDescription, ...]:
        """Every plugin found, usable or not, by id."""

    @abstractmethod
    def storage_type(self, plugin_id: str) -> StorageType:
        """The type a plugin gives its storages. Raises ``PluginUnusable``."""

    @abstractmethod
    def validated_parameters(self, plugin_id: str, parameters: dict[str, object]) -> dict[str, object]:
        """The parameters with defaults filled in. Raises ``PluginUnusable`` and ``InvalidValue`` (which names it)."""

    @abstractmethod
    def require_tenant_may_place(self, tenant: str, plugin_id: str, parameters: dict[str, object]) -> None:
        """Raise ``Forbidden`` unless the operator lets administrators of the tenant place such a storage themselves.

        What a storage reads of the machine that the service runs on is for its operator to open. Raises
        ``PluginUnusable`` and ``InvalidValue`` as ``validated_parameters`` does.
        """

    @abstractmethod
    def storage(self, location: StorageLocation) -> Storage:
        """The storage for a configuration; built once per configuration. Raises ``PluginUnusable``."""
