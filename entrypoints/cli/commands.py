"""What all commands have in common: options, and one clear line for everything that is refused."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import attrs
import rich_click as click

from adapters.security.private_files import UnusableKey
from application.errors import PortError
from domain.errors import DomainError
from entrypoints.settings import Settings
from entrypoints.settings.reading import SettingsInvalid
from entrypoints.settings.variables import PREFIX

F = TypeVar("F", bound=Callable[..., Any])

PROGRAM = "rs-downloader"
AUTO_ENVVAR_PREFIX = PREFIX.removesuffix("_")


class Group(click.RichGroup):
    """A group of commands; refusals of the rules and failures of the ports end as one line, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command: exit code 1 for what was refused or failed, 2 for a setting that is wrong."""
        try:
            return super().invoke(ctx)
        except (SettingsInvalid, UnusableKey) as error:
            _end(ctx, str(error), 2)
        except (DomainError, PortError) as error:
            _end(ctx, str(error), 1)
        except OSError as error:
            _end(ctx, _system_reason(error), 1)


def _end(ctx: click.Context, reason: str, exit_code: int) -> NoReturn:
    click.echo(f"Error: {reason}", err=True)
    ctx.exit(exit_code)


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
