"""``rs-downloader demo``: something to try at once, and the lines to paste."""

import shlex
import sys
from pathlib import Path

import rich_click as click

from entrypoints.cli.commands import PROGRAM, data_dir_option, from_settings, json_option
from entrypoints.cli.output import print_json
from entrypoints.cli.session import load_settings, run_with_container
from entrypoints.containers import CLIContainer
from entrypoints.demo import ALICE, BOB, TENANT, Demo, MakeDemo


@click.command()
@from_settings("port", type=click.IntRange(1, 65535))
@json_option
@data_dir_option
def demo(*, port: int | None, as_json: bool, data_dir: str | None) -> None:
    """Make a small archive: a tenant, a storage with real files, two users; and print what to try with curl.

    The port is only for the printed lines. Repeating the command changes nothing.
    """
    settings = load_settings(port=port, data_dir=data_dir)

    async def work(container: CLIContainer) -> Demo:
        cases = container.use_cases
        make_demo = MakeDemo(
            folder=settings.demo_folder,
            add_tenant=cases.add_tenant(),
            list_storages=cases.list_storages(),
            add_storage=cases.add_storage(),
            register_files=cases.register_files(),
            set_quota=cases.set_quota(),
        )
        return await make_demo.execute()

    made = run_with_container(data_dir, work)
    if as_json:
        print_json(made)
    else:
        click.echo(_lines(made, settings.data_dir, f"http://127.0.0.1:{settings.port}"))


def _lines(made: Demo, data_dir: Path, url: str) -> str:
    command = f"{shlex.quote(_command())} {{}} --data-dir {shlex.quote(str(data_dir))} --tenant {TENANT}"
    large, small, notes = (made.checksums[name] for name in ("large.dat", "small.dat", "notes.bin"))
    token = command.format("token") + " --role PROJECT_ADMIN --user"
    return f"""\
The demo archive is in {data_dir / "demo"}. With the server running, paste into a second shell:

  cd "$(mktemp -d)"
  URL={url}
  LARGE={large}
  SMALL={small}
  NOTES={notes}
  TOKEN=$({token} {ALICE})

  # A full download, named by the server, with the right checksum:
  curl -OJ -H "Authorization: Bearer $TOKEN" $URL/files/$LARGE/download
  echo "$LARGE  large.dat" | sha256sum -c

  # Cut off after two seconds, then resumed: one unit for both.
  curl --limit-rate 10M --max-time 2 -o part.dat -H "Authorization: Bearer $TOKEN" $URL/files/$LARGE/download
  curl -C - -o part.dat -H "Authorization: Bearer $TOKEN" $URL/files/$LARGE/download

  # Only a part, and only the headers (which costs nothing):
  curl -r 0-99 -o first.dat -H "Authorization: Bearer $TOKEN" $URL/files/$SMALL/download
  curl -I -H "Authorization: Bearer $TOKEN" $URL/files/$SMALL/download

  # What it cost. Only RAWDATA counts, notes.bin does not:
  curl -H "Authorization: Bearer $TOKEN" $URL/quota/current; echo

  # {BOB} may have two files. The third answer is 429 and says why:
  BOB=$({token} {BOB})
  for i in 1 2 3; do
    curl -s -o answer -w '%{{http_code}}\\n' -H "Authorization: Bearer $BOB" $URL/files/$SMALL/download
  done; cat answer; echo

  # A ticket for one file, which needs no token:
  T=$({command.format("tickets create")} --json $NOTES | sed -n 's/.*"token": "\\(.*\\)".*/\\1/p')
  curl -OJ "$URL/files/$NOTES/download/token?t=$T&scope={TENANT}"
"""


def _command() -> str:
    """The program as it was called, so that the lines work without an activated environment."""
    return str(Path(sys.argv[0]).absolute()) if Path(sys.argv[0]).name == PROGRAM else PROGRAM
