"""What a storage plugin is: a class, and an attrs class whose fields are its documented parameters."""

from abc import abstractmethod
from typing import Any, ClassVar, Protocol

from adapters.storage.environment import PluginEnvironment
from adapters.storage.parameters import parameter
from application.ports.storage import Storage
from domain.storage_location import StorageType

__all__ = ["PluginEnvironment", "StoragePlugin", "parameter"]


class StoragePlugin(Protocol):
    """A storage plugin class, found through the entry-point group ``rs_downloader.storage_plugins``.

    ``parameters`` is a frozen attrs class made of ``parameter`` fields; its validators raise ``ValueError`` or
    ``InvalidValue``. The plugin is built with one instance of it and must do no I/O until used.
    """

    plugin_id: ClassVar[str]
    version: ClassVar[str]
    description: ClassVar[str]
    storage_type: ClassVar[StorageType]
    parameters: ClassVar[type]

    @classmethod
    @abstractmethod
    def build(cls, parameters: Any, environment: PluginEnvironment) -> Storage:
        """A storage with these parameters, an instance of ``cls.parameters``; local files obey the fence."""

    @classmethod
    def local_folders(cls, parameters: Any) -> tuple[str, ...] | None:
        """Folders of this machine that a storage with these parameters reads; here: the plugin does not say.

        Storages of a plugin that says neither this nor ``servers`` are added by the operator only.
        """
        del parameters
        return None

    @classmethod
    def servers(cls, parameters: Any) -> tuple[tuple[str, int], ...] | None:
        """Hosts (in lower case) and ports that a storage with these parameters asks; here: the plugin does not say.

        Administrators of tenants may place such a storage only where the operator has allowed each of them. A plugin
        that holds each request to the operator's list by itself says that there are none.
        """
        del parameters
        return None
