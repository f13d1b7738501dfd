"""The table of every environment variable, for docs/configuration.md; a test holds the page to it."""

import sys
from pathlib import Path

import attrs

from entrypoints.cli import main
from entrypoints.cli.variables import OptionVariable, option_variables
from entrypoints.settings import Settings
from entrypoints.settings.variables import CONFIG_VARIABLE, PREFIX

START = "<!-- table: made by `make docs` -->"
END = "<!-- end of table -->"


def table() -> str:
    """The table in Markdown: settings first, then options of commands."""
    rows = [(CONFIG_VARIABLE, "no file", "TOML file with settings in a table `[rs-downloader]`.")]
    for field in attrs.fields(Settings):
        choices = field.metadata["choices"]
        meaning = field.metadata["meaning"] + (f" One of {', '.join(choices)}." if choices else "")
        default = field.metadata["shown"] or f"`{field.default}`"
        rows.append((PREFIX + field.name.upper(), default, meaning))
    settings = {name for name, _, _ in rows}
    options: dict[str, OptionVariable] = {}
    for option in option_variables(main):
        if option.name not in settings:
            options.setdefault(option.name, option)
    for option in options.values():
        of = f" of `{option.command}`" if option.command else ""
        rows.append((option.name, "", f"`{option.option}`{of}: {option.meaning}"))
    lines = [f"| `{name}` | {default} | {_in_cell(meaning)} |" for name, default, meaning in rows]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *lines])


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def in_page(page: str) -> str:
    """The page with its table written anew."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(in_page(target.read_text()))
