"""The storage plugins of this installation (contract-downloader 1.7)."""

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from adapters.http.settings import Link
from application.ports.storage import PluginDescription, PluginParameter
from application.use_cases.list_plugins import ListPlugins
from domain.access import Role


class PluginParameterDescription(Payload):
    """One documented parameter."""

    name: str
    label: str
    type: Annotated[str, msgspec.Meta(description="In upstream's vocabulary.", examples=["STRING"])]
    description: str
    optional: bool
    sensitive: Annotated[bool, msgspec.Meta(description="A secret: never shown, encrypted at rest.")]
    default_value: Any = None
    unit: Annotated[str | None, msgspec.Meta(description="Of a number.", examples=["bytes"])] = None
    minimum: Annotated[float | None, msgspec.Meta(description="Least number that is accepted.")] = None
    maximum: Annotated[float | None, msgspec.Meta(description="Largest number that is accepted.")] = None
    choices: Annotated[list[str] | None, msgspec.Meta(description="The only texts that are accepted.")] = None

    @classmethod
    def of(cls, parameter: PluginParameter) -> "PluginParameterDescription":
        """What the plugin declares; a secret has no default that is shown."""
        return cls(
            name=parameter.name,
            label=parameter.label or parameter.name,
            type=parameter.type,
            description=parameter.description,
            optional=not parameter.required,
            sensitive=parameter.secret,
            default_value=None if parameter.secret else parameter.default,
            unit=parameter.unit,
            minimum=parameter.minimum,
            maximum=parameter.maximum,
            choices=list(parameter.choices) or None,
        )


class PluginMetaData(Payload, kw_only=True):
    """A storage plugin; `error` says why a broken one cannot be used."""

    plugin_id: str
    description: str
    version: str
    storage_type: Annotated[str | None, msgspec.Meta(description="The type of storages that it reads.")] = None
    parameters: list[PluginParameterDescription]
    error: str | None = None

    @classmethod
    def of(cls, plugin: PluginDescription) -> "PluginMetaData":
        """What the plugin documents of itself."""
        return cls(
            plugin_id=plugin.plugin_id,
            description=plugin.description,
            version=plugin.version,
            storage_type=plugin.storage_type.value if plugin.storage_type is not None else None,
            parameters=[PluginParameterDescription.of(parameter) for parameter in plugin.parameters],
            error=plugin.error,
        )


class PluginModel(Payload):
    """A plugin in upstream's envelope."""

    content: PluginMetaData
    links: list[Link]


_EXAMPLE = {
    "content": {
        "pluginId": "Local",
        "description": "Files below one directory.",
        "version": "1.0.0",
        "storageType": "ONLINE",
        "parameters": [
            {
                "name": "Storage_URL",
                "label": "Storage URL",
                "type": "STRING",
                "description": "The directory.",
                "optional": False,
                "sensitive": False,
            }
        ],
    },
    "links": [],
}


@get(
    "/plugins",
    **operation(
        "getPlugins",
        "List storage plugins",
        role=Role.PUBLIC,
        tag="plugins",
        answer=list[PluginModel],
        example=[_EXAMPLE],
    ),
)
async def list_storage_plugins(
    list_plugins: NamedDependency[SkipValidation[ListPlugins]],
) -> list[PluginModel]:
    """Every plugin found, usable or not, with its documented parameters."""
    return [PluginModel(content=PluginMetaData.of(plugin), links=[]) for plugin in await list_plugins.execute()]


route_handlers = (list_storage_plugins,)
