"""Distributions with plugins that cannot work: each disables only itself, and says why and where it comes from."""

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from adapters.storage.discovery import ENTRY_POINT_GROUP, discover
from adapters.storage.registry import PluginRegistry
from application.errors import PluginUnusable

HEAD = """
import attrs
from adapters.storage.plugin import StoragePlugin, parameter
from domain.storage_location import StorageType

@attrs.frozen
class Parameters:
    root: str = parameter("root", "STRING", "Where.", default="/")

class Plugin(StoragePlugin):
    plugin_id, version, description = "Foreign", "1", "Reads."
    storage_type, parameters = StorageType.ONLINE, Parameters
    @classmethod
    def build(cls, parameters, environment):
        raise NotImplementedError
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    """Install a distribution of one module with one plugin; all of them, and our own, are then discovered."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def put(name: str, source: str, value: str = "Plugin") -> None:
        (tmp_path / f"{name}_module.py").write_text(source)
        metadata = tmp_path / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {name}_module:{value}\n")

    yield put
    for name in set(sys.modules) - before:
        if name.endswith("_module"):
            del sys.modules[name]


def entries(folder: Path) -> list[EntryPoint]:
    foreign = [entry for found in distributions(path=[str(folder)]) for entry in found.entry_points]
    return [EntryPoint("Local", "adapters.storage.local:LocalPlugin", ENTRY_POINT_GROUP), *foreign]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_library", "no_such_library"),
        ("raise SystemExit(3)", "SystemExit"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "division"),
        ("", "Plugin"),
        ("Plugin = 3", "no class"),
        ("class Plugin: pass", "plugin_id"),
        (HEAD.replace("Plugin(StoragePlugin)", "Plugin"), "StoragePlugin"),
        (HEAD.replace('"Foreign", "1"', '"", "1"'), "called"),
        (HEAD.replace('"Foreign", "1"', '"InternalCache", "1"'), "InternalCache"),
        (HEAD.replace("StorageType.ONLINE", "'ONLINE'"), "storage_type"),
        (HEAD.replace("StorageType.ONLINE", "StorageType.OFFLINE"), "OFFLINE"),
        (HEAD.replace("@attrs.frozen\n", ""), "attrs class"),
        (HEAD.replace('parameter("root", "STRING", "Where.", default="/")', '"/"'), "parameter()"),
        (HEAD.replace('"STRING"', '"TEXT"'), "TEXT"),
        (HEAD.replace('default="/"', 'default=3, secret=True, aliases=("r",)'), "secret"),
        (HEAD.replace("    root: str", '    a: str = parameter("root", "STRING", "A.")\n    root: str'), "two"),
        (HEAD.replace("def build", "def make"), "build"),
    ],
    ids=range(18),
)
def test_a_broken_distribution_disables_only_itself_and_says_why(install, tmp_path: Path, source: str, reason: str):
    install("foreign", source)

    registry = PluginRegistry(entries(tmp_path))

    local, broken = sorted(registry.plugins(), key=lambda plugin: plugin.error is not None)
    assert (local.plugin_id, local.error) == ("Local", None)
    assert broken.plugin_id == "foreign"
    assert reason.lower() in broken.error.lower()
    assert "It comes with foreign" in broken.error
    with pytest.raises(PluginUnusable, match="foreign"):
        registry.storage_type("foreign")


def test_a_plugin_of_another_distribution_is_found(install, tmp_path: Path):
    install("foreign", HEAD)

    assert [(p.plugin_id, p.error) for p in discover(entries(tmp_path)).descriptions()] == [
        ("Foreign", None),
        ("Local", None),
    ]


def test_an_id_that_two_distributions_claim_belongs_to_neither(install, tmp_path: Path):
    install("first", HEAD)
    install("second", HEAD)

    found = discover(entries(tmp_path))

    assert set(found.usable) == {"Local"}
    assert sorted(plugin.error.partition("It comes with ")[2] for plugin in found.broken) == ["first.)", "second.)"]
    assert all("also claimed by" in plugin.error for plugin in found.broken)


def test_no_distribution_takes_the_place_of_a_plugin_of_the_service(install, tmp_path: Path):
    install("thief", HEAD.replace('"Foreign"', '"S3"'))
    own = [entry for found in distributions(name="rs-downloader") for entry in found.entry_points]
    own = [entry for entry in own if entry.group == ENTRY_POINT_GROUP]

    found = discover([*entries(tmp_path)[1:], *own])

    assert found.usable["S3"].__module__ == "adapters.storage.s3.storage"
    (thief,) = (plugin for plugin in found.descriptions() if plugin.error)
    assert "rs-downloader" in thief.error
