"""Plugins are found, described, validated; a broken one disables only itself."""

from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import attrs
import pytest

from adapters.storage.local import LocalStorage
from adapters.storage.plugin import PluginEnvironment, StoragePlugin, parameter
from adapters.storage.registry import ENTRY_POINT_GROUP, PluginRegistry
from application.errors import PluginUnusable
from application.ports.storage import Storage
from domain.errors import InvalidValue
from domain.storage_location import StorageLocation, StorageType
from tests import factories


@attrs.frozen
class PickyParameters:
    count: int = parameter("Count", "INTEGER", "How many.")
    word: str = parameter("Word", "STRING", "Which.", default="x", secret=True)

    def __attrs_post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("Count must not be negative.")


class PickyPlugin(StoragePlugin):
    plugin_id: ClassVar[str] = "Picky"
    version: ClassVar[str] = "2"
    description: ClassVar[str] = "Refuses."
    storage_type: ClassVar[StorageType] = StorageType.NEARLINE
    parameters: ClassVar[type] = PickyParameters

    @classmethod
    def build(cls, parameters: Any, environment: PluginEnvironment) -> Storage:
        del environment
        return LocalStorage("/" + parameters.word)


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=ENTRY_POINT_GROUP)


@pytest.fixture
def registry() -> PluginRegistry:
    return PluginRegistry(
        [
            entry("Local", "adapters.storage.local:LocalPlugin"),
            entry("Picky", "tests.contract.test_plugin_registry:PickyPlugin"),
            entry("Absent", "no.such.module:Plugin"),
            entry("NoPlugin", "adapters.storage.local:LocalStorage"),
        ]
    )


def a_local(parameters: dict[str, object], plugin_id: str = "Local") -> StorageLocation:
    return attrs.evolve(factories.a_storage(), plugin_id=plugin_id, parameters=parameters)


def test_the_installed_distribution_brings_the_local_plugin() -> None:
    assert "Local" in [plugin.plugin_id for plugin in PluginRegistry().plugins()]


def test_a_broken_plugin_disables_only_itself_and_says_why(registry: PluginRegistry) -> None:
    plugins = {plugin.plugin_id: plugin for plugin in registry.plugins()}

    assert plugins["Local"].error is None
    assert "no" in (plugins["Absent"].error or "")
    assert plugins["NoPlugin"].error
    with pytest.raises(PluginUnusable, match="Absent"):
        registry.storage_type("Absent")


def test_a_plugin_is_described_by_its_parameters(registry: PluginRegistry) -> None:
    (picky,) = [plugin for plugin in registry.plugins() if plugin.plugin_id == "Picky"]

    assert [(p.name, p.type, p.required, p.secret) for p in picky.parameters] == [
        ("Count", "INTEGER", True, False),
        ("Word", "STRING", False, True),
    ]
    assert registry.storage_type("Picky") is StorageType.NEARLINE


def test_parameters_are_completed_with_their_defaults(registry: PluginRegistry) -> None:
    assert registry.validated_parameters("Picky", {"Count": 3}) == {"Count": 3, "Word": "x"}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({}, "Count"), ({"Count": "3"}, "Count"), ({"Count": True}, "Count"), ({"Count": -1}, "negative"),
     ({"Count": 1, "Colour": "red"}, "Colour")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(registry: PluginRegistry, parameters: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidValue, match=named):
        registry.validated_parameters("Picky", parameters)


@pytest.mark.parametrize("root", ["relative", "", "/nul\x00"])
def test_a_root_must_be_absolute(registry: PluginRegistry, root: str) -> None:
    with pytest.raises(InvalidValue, match="Storage_URL"):
        registry.validated_parameters("Local", {"Storage_URL": root})


def test_a_storage_is_built_once_for_a_configuration(registry: PluginRegistry) -> None:
    first = registry.storage(a_local({"Storage_URL": "/data"}))

    assert registry.storage(a_local({"Storage_URL": "/data"})) is first
    assert registry.storage(a_local({"Storage_URL": "/other"})) is not first


def test_a_stored_configuration_that_no_longer_fits_is_unusable_not_an_error(registry: PluginRegistry) -> None:
    with pytest.raises(PluginUnusable, match="disk"):
        registry.storage(a_local({"Storage_URL": "relative"}))
    with pytest.raises(PluginUnusable, match="Gone"):
        registry.storage(a_local({}, plugin_id="Gone"))
    with pytest.raises(PluginUnusable):
        registry.storage(factories.a_storage(storage_type=StorageType.OFFLINE))
