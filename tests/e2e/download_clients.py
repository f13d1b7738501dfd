"""The programs that people download with: how each is told to fetch, to go slowly, and to resume."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tests.e2e.real_service import until


@attrs.frozen
class Client:
    """One program with its options. ``slowly`` makes it take so few bytes a second that a test can come between.

    ``refused_with`` is the answer that ends a resume of a file that was overwritten. aria2 begins even a resume with a
    request for the whole file, of which there is no right copy any more (503), and never comes to ask for a range.
    """

    program: str
    options: tuple[str, ...]
    slowly: tuple[str, ...]
    resuming: tuple[str, ...]
    output: Callable[[Path], tuple[str, ...]]
    refused_with: str = "412"
    header: str = "--header"

    def command(self, url: str, token: str, target: Path, *more: str) -> list[str]:
        """The command line that fetches a URL into a file."""
        authorization = (self.header, f"Authorization: Bearer {token}")
        return [self.program, *self.options, *authorization, *more, *self.output(target), url]

    def fetch_some(self, url: str, token: str, target: Path) -> None:
        """Fetch slowly, and be stopped as by Ctrl-C when some of the file is there."""
        process = self.start_slowly(url, token, target)
        process.terminate()
        process.communicate(timeout=30)

    def start_slowly(self, url: str, token: str, target: Path) -> "subprocess.Popen[str]":
        """A client that has taken some of the file and goes on."""
        process = subprocess.Popen(
            self.command(url, token, target, *self.slowly), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        until(lambda: (target.exists() and target.stat().st_size > 0) or process.poll() is not None)
        assert process.poll() is None, process.communicate()[0]
        return process

    def resume(self, url: str, token: str, target: Path) -> "subprocess.CompletedProcess[str]":
        """Fetch the rest, as fast as it goes."""
        command = self.command(url, token, target, *self.resuming)
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _aria2(*options: str) -> Client:
    always = ("--no-conf", "--file-allocation=none", "--allow-overwrite=true", "--auto-file-renaming=false")
    return Client(
        "aria2c",
        (*always, "--max-tries=3", "--summary-interval=0", *options),
        slowly=("--max-overall-download-limit=4M",),
        resuming=("--continue=true",),
        output=lambda target: (f"--dir={target.parent}", f"--out={target.name}"),
        refused_with="503",
    )


CLIENTS = {
    "curl": Client(
        "curl",
        ("--silent", "--show-error", "--write-out", "%{http_code}\n"),
        slowly=("--limit-rate", "4M"),
        resuming=("--continue-at", "-"),
        output=lambda target: ("--output", str(target)),
    ),
    "wget": Client(
        "wget",
        ("--no-config", "--tries=3", "--waitretry=0", "--no-verbose"),
        slowly=("--limit-rate=4M",),
        resuming=("--continue",),
        output=lambda target: (f"--output-document={target}",),
    ),
    "aria2c": _aria2("--max-connection-per-server=1"),
    "aria2c -x4": _aria2("--max-connection-per-server=4", "--split=4", "--min-split-size=1M"),
}


def every_client() -> pytest.MarkDecorator:
    """Parametrize a test with ``client``; one whose program is missing is skipped, and says so."""
    return pytest.mark.parametrize(
        "client",
        [
            pytest.param(
                client,
                id=name,
                marks=pytest.mark.skipif(
                    shutil.which(client.program) is None, reason=f"{client.program} is not installed"
                ),
            )
            for name, client in CLIENTS.items()
        ],
    )
