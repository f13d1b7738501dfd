"""What all commands have in common: options, and one clear line for everything that is refused."""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import rich_click as click

from adapters.security.keys import UnusableKey
from application.errors import PortError
from domain.errors import DomainError
from entrypoints.settings import PREFIX, Settings, SettingsInvalid

F = TypeVar("F", bound=Callable[..., Any])

PROGRAM = "rs-downloader"
AUTO_ENVVAR_PREFIX = PREFIX.removesuffix("_")


class Refused(click.ClickException):
    """The command was understood and not done: one line on standard error, exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the reason."""
        click.echo(f"Error: {self.format_message()}", file=file, err=file is None)


class Misconfigured(Refused):
    """A setting is wrong: exit code 2, as for a wrong option."""

    exit_code = 2


class Group(click.RichGroup):
    """A group of commands; refusals of the rules and failures of the ports end as one line, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (SettingsInvalid, UnusableKey) as error:
            raise Misconfigured(str(error)) from error
        except (DomainError, PortError) as error:
            raise Refused(str(error)) from error
        except OSError as error:
            raise Refused(_system_reason(error)) from error


def _system_reason(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def from_settings(name: str, *declarations: str, **options: Any) -> Callable[[F], F]:
    """An option for one setting: the same variable, the same text, the same default."""
    field = attrs.fields_dict(Settings)[name]
    default = field.metadata["shown"] or field.default
    return click.option(
        *(declarations or (f"--{name.replace('_', '-')}",)),
        name,
        envvar=PREFIX + name.upper(),
        show_envvar=True,
        help=f"{field.metadata['meaning']} [default: {default}]",
        **options,
    )


def data_dir_option(function: F) -> F:
    """``--data-dir``, which every command has."""
    return from_settings("data_dir", type=click.Path(file_okay=False))(function)


def tenant_option(function: F) -> F:
    """``--tenant``: which tenant a command works on."""
    return click.option(
        "--tenant",
        envvar=f"{PREFIX}TENANT",
        show_envvar=True,
        help="Tenant to work on. [default: the only one, when there is just one]",
    )(function)


def json_option(function: F) -> F:
    """``--json``: output for programs."""
    return click.option(
        "--json", "as_json", is_flag=True, envvar=f"{PREFIX}JSON", show_envvar=True, help="Print JSON, for programs."
    )(function)
