"""What the class of a plugin promises to the service that finds it."""

from typing import ClassVar

import pytest

from adapters.storage.discovery import discover
from application.ports.storage import PluginDescription


class PluginContract:
    """The plugin is installed, is found, and documents itself. A subclass says which one it is."""

    plugin_id: ClassVar[str]

    @pytest.fixture
    def plugin(self) -> PluginDescription:
        found = [plugin for plugin in discover().descriptions() if plugin.plugin_id == self.plugin_id]
        assert found, f"no installed distribution has an entry point that leads to the plugin {self.plugin_id!r}"
        return found[0]

    def test_it_can_be_used(self, plugin: PluginDescription) -> None:
        assert plugin.error is None

    def test_it_says_what_it_is(self, plugin: PluginDescription) -> None:
        assert plugin.version
        assert plugin.description
        assert all(parameter.description for parameter in plugin.parameters)

    def test_what_looks_like_a_secret_is_one(self, plugin: PluginDescription) -> None:
        suspicious = ("secret", "password", "passphrase", "token")
        shown = [p.name for p in plugin.parameters if any(w in p.name.lower() for w in suspicious) and not p.secret]

        assert shown == []
