"""``rs-downloader demo``: something to try at once, and the lines to paste."""

import shlex
import sys
from pathlib import Path

import rich_click as click

from entrypoints.cli.commands import PROGRAM, data_dir_option, from_settings, json_option
from entrypoints.cli.demo_lines import lines
from entrypoints.cli.output import print_json
from entrypoints.cli.session import load_settings, run_with_container
from entrypoints.containers import CLIContainer
from entrypoints.demo import Demo, make_demo


@click.command()
@from_settings("port", type=click.IntRange(1, 65535))
@json_option
@data_dir_option
def demo(*, port: int | None, as_json: bool, data_dir: str | None) -> None:
    """Make a small archive: two users with different rights, a licence, a tape; and print what to try with curl.

    The port is only for the printed lines. Repeating the command changes nothing.
    """
    settings = load_settings(port=port, data_dir=data_dir)

    async def work(container: CLIContainer) -> Demo:
        # The container's own type says only that this is a provider of containers.
        return await make_demo(settings, container.use_cases).execute()  # type: ignore[arg-type]

    made = run_with_container(data_dir, work)
    if as_json:
        print_json(made)
        return
    click.echo(f"The demo archive is in {settings.demo_folder}. With the server running, paste into a second shell:\n")
    for line in lines(made, _command(), f"http://127.0.0.1:{settings.port}"):
        click.echo(f"  {line}".rstrip())


def _command() -> str:
    """The program as it was called, so that the lines work without an activated environment."""
    return shlex.quote(str(Path(sys.argv[0]).absolute()) if Path(sys.argv[0]).name == PROGRAM else PROGRAM)
