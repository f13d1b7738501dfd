"""What a storage plugin is: a class, and an attrs class whose fields are its documented parameters."""

from abc import abstractmethod
from typing import Any, ClassVar, Protocol

import attrs

from adapters.storage.fence import Fence
from application.ports.storage import Storage
from domain.storage_location import StorageType

_PARAMETER = "rs_downloader.parameter"


@attrs.frozen(kw_only=True)
class ParameterDocumentation:
    """What users see of one parameter: its wire name, upstream's type name, and a sentence."""

    name: str
    type: str
    description: str
    secret: bool = False


def parameter(name: str, type_name: str, description: str, *, secret: bool = False, **options: Any) -> Any:
    """An attrs field that is a documented plugin parameter; ``options`` go to ``attrs.field``."""
    documentation = ParameterDocumentation(name=name, type=type_name, description=description, secret=secret)
    return attrs.field(metadata={_PARAMETER: documentation}, **options)


def documentation_of(field: "attrs.Attribute[Any]") -> ParameterDocumentation:
    """The documentation that ``parameter`` attached."""
    found = field.metadata[_PARAMETER]
    assert isinstance(found, ParameterDocumentation), f"{field.name} was not made by parameter()"
    return found


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
    def build(cls, parameters: Any, fence: Fence) -> Storage:
        """A storage with these parameters, an instance of ``cls.parameters``; local files obey the fence."""

    @classmethod
    def local_folders(cls, parameters: Any) -> tuple[str, ...]:
        """Folders of this machine that a storage with these parameters reads."""
        del parameters
        return ()
