"""Which environment variables the options of commands are read from."""

from collections.abc import Iterator

import attrs
import rich_click as click

from entrypoints.settings.variables import PREFIX


@attrs.frozen
class OptionVariable:
    """One option: its variable, the command that has it (``None``: several have it), its longest name, its help."""

    name: str
    command: str | None
    option: str
    meaning: str


def option_variables(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[OptionVariable]:
    """The variables of a command and all below it; a shared option comes once for each command that has it."""
    for option in _options(command):
        is_shared = isinstance(option.envvar, str)
        name = str(option.envvar) if is_shared else PREFIX + "_".join((*path, option.name or ""))
        where = None if is_shared else " ".join(path)
        yield OptionVariable(name.upper().replace("-", "_"), where, max(option.opts, key=len), option.help or "")
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from option_variables(child, (*path, child.name or ""))


def show_variables(command: click.Command) -> None:
    """Let the help of a command and of all below it show the variable of each option."""
    for option in _options(command):
        option.show_envvar = True
    if isinstance(command, click.Group):
        for child in command.commands.values():
            show_variables(child)


def _options(command: click.Command) -> Iterator[click.Option]:
    for option in command.params:
        # An eager option prints something and ends the program; as a variable it would end every command.
        if isinstance(option, click.Option) and not option.is_eager:
            yield option
