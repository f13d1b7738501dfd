"""List the storage plugins that this installation offers."""

import attrs

from application.ports.storage import PluginDescription, StorageRegistry


@attrs.frozen
class ListPlugins:
    """Every storage plugin found, with its documented parameters; a broken one says why it cannot be used."""

    registry: StorageRegistry

    async def execute(self) -> tuple[PluginDescription, ...]:
        """Plugins by id."""
        return self.registry.plugins()
