"""The table of every environment variable, for docs/configuration.md; a test holds the page to it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import rich_click as click

from entrypoints.settings import CONFIG_VARIABLE, PREFIX, Settings

START = "<!-- table: made by `make docs` -->"
END = "<!-- end of table -->"


def command_variables() -> frozenset[str]:
    """The variables that options of commands are read from."""
    return frozenset(variable for variable, _, _ in _options())


def table() -> str:
    """The table in Markdown: settings first, then options of commands."""
    rows = [(CONFIG_VARIABLE, "no file", "TOML file with settings in a table `[rs-downloader]`.")]
    for field in attrs.fields(Settings):
        choices = field.metadata["choices"]
        meaning = field.metadata["meaning"] + (f" One of {', '.join(choices)}." if choices else "")
        default = field.metadata["shown"] or f"`{field.default}`"
        rows.append((PREFIX + field.name.upper(), default, meaning))
    settings = {name for name, _, _ in rows}
    options: dict[str, tuple[str, str]] = {}
    for variable, where, meaning in _options():
        if variable not in settings and variable not in options:
            options[variable] = where, meaning
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {default} | {_escaped(meaning)} |" for name, default, meaning in rows]
    lines += [f"| `{name}` | | {_escaped(f'{where}: {meaning}')} |" for name, (where, meaning) in options.items()]
    return "\n".join(lines)


def in_page(page: str) -> str:
    """The page with its table written anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table()}\n{END}{after}"


def _options() -> Iterator[tuple[str, str, str]]:
    from entrypoints.cli import main  # noqa: PLC0415 — commands ask this module for their variables.

    yield from _options_of(main, (), shared=frozenset())


def _options_of(
    command: click.Command, path: tuple[str, ...], *, shared: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    for option in command.params:
        if not isinstance(option, click.Option) or option.name is None:
            continue
        name = option.envvar if isinstance(option.envvar, str) else "_".join((PREFIX.rstrip("_"), *path, option.name))
        where = "every command that has it" if isinstance(option.envvar, str) else " ".join(path)
        yield name.upper().replace("-", "_"), f"`{where} {max(option.opts, key=len)}`", option.help or ""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from _options_of(child, (*path, child.name or ""), shared=shared)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(in_page(target.read_text()))
