"""Settings out of their sources: the command line, the environment and a TOML file."""

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
import typed_settings
from typed_settings.exceptions import (
    ConfigFileLoadError,
    InvalidOptionsError,
    InvalidSettingsError,
    UnknownFormatError,
)
from typed_settings.types import LoadedSettings, LoaderMeta, OptionList

from entrypoints.settings.variables import CONFIG_VARIABLE, PREFIX, is_of_others, variables

AnySettings = TypeVar("AnySettings", bound=attrs.AttrsInstance)


class SettingsInvalid(ValueError):
    """A setting cannot be used; the message names its environment variable and what it takes."""


def read(
    settings_class: type[AnySettings],
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    also_known: Collection[str],
) -> AnySettings:
    """Read the settings: overrides beat the environment, which beats the file, then defaults.

    ``also_known`` are variables of our prefix that mean something to somebody else. Raises ``SettingsInvalid``.
    """
    names = variables(settings_class)
    _refuse_unknown({*names.values(), CONFIG_VARIABLE, *also_known}, environ)
    file = environ.get(CONFIG_VARIABLE)
    if file and not Path(file).is_file():
        raise SettingsInvalid(f"{CONFIG_VARIABLE}: there is no file {file}.")
    loaders: list[Any] = [
        typed_settings.FileLoader({"*.toml": typed_settings.TomlFormat("rs-downloader")}, [file] if file else []),
        _Values("environment", {n: environ[v] for n, v in names.items() if v in environ}),
        _Values("command line", {n: v for n, v in overrides.items() if v is not None}),
    ]
    try:
        return typed_settings.load_settings(settings_class, loaders)
    except InvalidSettingsError as error:
        raise SettingsInvalid(" ".join(_sentence(settings_class, e) for e in error.exceptions)) from None
    except (InvalidOptionsError, ConfigFileLoadError, UnknownFormatError) as error:
        raise SettingsInvalid(f"{CONFIG_VARIABLE}: {error}") from None


@attrs.frozen
class _Values:
    """A source of values that are at hand, for typed-settings."""

    name: str
    values: Mapping[str, object]

    def __call__(self, _settings_class: type, options: OptionList) -> LoadedSettings:
        known = {option.path: self.values[option.path] for option in options if option.path in self.values}
        return LoadedSettings(known, LoaderMeta(self.name))


def _refuse_unknown(known: Collection[str], environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if name in known or is_of_others(name):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else " See docs/configuration.md."
        raise SettingsInvalid(f"{name} is not a setting.{hint}")


def _sentence(settings_class: type[attrs.AttrsInstance], error: BaseException) -> str:
    found = re.search(r"option '(\w+)'", str(error))
    if found is None:
        return str(error)
    field = attrs.fields_dict(settings_class)[found[1]]
    kind = {int: "a whole number", float: "a number"}.get(field.type or str, "usable text")
    return f"{PREFIX}{field.name.upper()} must be {kind}."
