"""Reading bytes from where they are: small capabilities, each a protocol (DESIGN section 9)."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, runtime_checkable

import attrs

from domain.availability import CopyAvailability
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

    @property
    def may_hang(self) -> bool:
        """Whether who reads from the descriptor may wait for long, as for a network: then a thread has to do so."""
        return False

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

    async def aclose(self) -> None:
        """Open nothing more, and release what is held; safe to call twice. Here: nothing is held.

        Sources that are open stay readable until they are closed, and with the last of them goes what they share.
        """
        del self  # Not an empty body, which would make the method one that every storage must write.


@runtime_checkable
class NearlineStorage(Protocol):
    """A capability: objects must be restored before they can be opened.

    Opening one that is not readable raises ``CopyNotRestored``.
    """

    @property
    @abstractmethod
    def keeps_readable(self) -> bool:
        """Whether a restored object is served from where it is (an external cache), or is copied to our cache."""

    @abstractmethod
    async def availability(self, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
        """Whether each of the objects can be opened now, asked together; each URL has an answer.

        What goes wrong with one object is its ERROR. Raises ``StorageUnavailable`` when nothing can be asked at all.
        """

    @abstractmethod
    async def restore(self, url: str, *, hours: int) -> None:
        """Ask that the object be readable for at least so long from now; how far it is, ``availability`` says.

        An object that is readable or being restored is fine, and is kept longer, never shorter. Raises ``CopyMissing``,
        ``LocationRefused``, ``StorageUnavailable``.
        """


@runtime_checkable
class SigningStorage(Protocol):
    """A capability: clients can be sent to the storage itself."""

    @abstractmethod
    async def sign(
        self, location: FileLocation, *, lifetime: timedelta, file_name: str, media_type: str, is_inline: bool
    ) -> str:
        """A URL that serves the object for so long under this name and type, without any other permission.

        Raises ``LocationRefused``, ``StorageUnavailable``.
        """


@runtime_checkable
class ArchivingStorage(Protocol):
    """A capability: some URLs name an archive of many files, and which of them it is only the checksum says."""

    @abstractmethod
    def member_url(self, url: str, checksum: str) -> str:
        """The URL to ``check`` for the file of this checksum: the same one, unless it names an archive of many.

        ``open`` finds the member by itself. No I/O. Raises ``LocationRefused``.
        """


def url_to_check(storage: Storage, url: str, checksum: str) -> str:
    """The URL that ``Storage.check`` is asked about for a copy. Raises ``LocationRefused``."""
    return storage.member_url(url, checksum) if isinstance(storage, ArchivingStorage) else url


@attrs.frozen(kw_only=True)
class ListedObject:
    """An object as a listing shows it; ``digest`` is (algorithm, hex digits) where the storage knows it for sure."""

    url: str
    size_bytes: int
    version: str | None = None
    digest: tuple[str, str] | None = None


@runtime_checkable
class ListingStorage(Protocol):
    """A capability: the objects under a prefix can be listed."""

    @abstractmethod
    def list(self, prefix: str) -> AsyncIterator[ListedObject]:
        """Every object whose place under the storage's root begins with the prefix. Raises ``StorageUnavailable``."""


@runtime_checkable
class DigestingStorage(Protocol):
    """A capability: the storage knows digests of its objects without reading them."""

    @abstractmethod
    async def digests(self, url: str) -> Mapping[str, str]:
        """Hexadecimal digests of the object's bytes by algorithm, only those that leave no doubt; often none.

        Raises ``CopyMissing``, ``LocationRefused``, ``StorageUnavailable``.
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
    label: str = ""
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


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
        """The storage for a configuration; built once per configuration. Raises ``PluginUnusable``.

        What else it can do is asked with ``isinstance(storage, NearlineStorage)`` and the like.
        """

    @abstractmethod
    def forget(self, tenant: str, storage: str) -> None:
        """Build the storage anew when it is next asked for; what is open of it stays readable."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release what the storages hold. Safe to call twice."""
