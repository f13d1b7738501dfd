"""A PostgreSQL cluster of one test's own, which may be stopped, restarted and filled up."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.real_service import free_port

_OWNER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


class PrivatePostgres:
    """One running cluster; see ``private_postgres``."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

    def start(self, **settings: object) -> None:
        """Start it, with settings of the server for this run, and wait until it answers."""
        more = "".join(f" -c {name}={value}" for name, value in settings.items())
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -F{more}"
        _run("pg_ctl", "start", "-w", "-s", "-D", self._data, "-l", str(self._folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends every session first, ``immediate`` is a crash that is recovered from at the start."""
        _run("pg_ctl", "stop", "-w", "-s", "-D", self._data, "-m", mode)

    def restart(self, mode: str = "fast") -> None:
        """Stop it and start it again."""
        self.stop(mode)
        self.start()

    def is_running(self) -> bool:
        """Whether there is a server."""
        return (self._folder / "data" / "postmaster.pid").exists()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")


@contextmanager
def private_postgres(**settings: object) -> Iterator[PrivatePostgres]:
    """A new cluster on a free port, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rs-downloader-postgres-"))
    try:
        if _OWNER:
            shutil.chown(folder, "postgres", "postgres")
        _run("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        cluster = PrivatePostgres(folder, free_port())
        cluster.start(**settings)
        try:
            yield cluster
        finally:
            if cluster.is_running():
                cluster.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's own. Its server inherits the output, so that goes nowhere."""
    done = subprocess.run(
        [_installed(program), *arguments],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **_OWNER,
    )
    assert done.returncode == 0, f"{program} {' '.join(arguments)} ended with {done.returncode}"


def _installed(program: str) -> str:
    """Debian keeps the programs of the server out of the path."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")), *filter(None, [shutil.which(program)])]
    assert found, f"{program} is not installed: the programs of a PostgreSQL server are needed here"
    return str(found[0])
