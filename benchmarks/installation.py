"""The whole service as an operator runs it: ``rs-downloader`` in processes of its own, on a folder of its own."""

import hashlib
import os
import re
import sqlite3
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from adapters.security.keys import signing_key
from adapters.security.tokens import JwtTokens
from adapters.system.clock import SystemClock
from benchmarks.processes import stop
from benchmarks.targets import Ask, Target
from domain.access import Caller, Role

COMMAND = str(Path(sys.executable).with_name("rs-downloader"))
TENANT = "bench"
ENDS_NEVER = 24 * 3600
_COMMITS_OFFSET = 8
"""``iChange``, which SQLite increments with every transaction, in the WAL index header (sqlite.org/walformat.html)."""


class Installation:
    """A data folder with one tenant, one storage and some files."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """``settings`` of every process, ``database_url`` among them for another database than the embedded one."""
        self.files = folder / "files"
        self.files.mkdir()
        self.data = folder / "data"
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")},
            "RS_DOWNLOADER_DATA_DIR": str(self.data),
            "RS_DOWNLOADER_TENANT": TENANT,
            "RS_DOWNLOADER_PORT": "0",
            "RS_DOWNLOADER_TOKEN_LIFETIME_SECONDS": str(ENDS_NEVER),
            "RS_DOWNLOADER_LOG_FORMAT": "json",
            **{f"RS_DOWNLOADER_{name.upper()}": value for name, value in settings.items()},
        }
        self._run("migrate")
        self._run("tenants", "add", TENANT)
        self._run("storages", "add", "disk", "--path", str(self.files))
        (folder / "checked").mkdir()
        self._run("storages", "add", "checked", "--path", str(folder / "checked"), "--verify")
        self.token = self._run("token", "--user", "alice@example.org", "--role", "PROJECT_ADMIN").strip()

    @property
    def database(self) -> Path:
        """The embedded database's file."""
        return self.data / "rs-downloader.db"

    def tokens_of(self, users: Iterable[str], role: Role = Role.PROJECT_ADMIN) -> list[str]:
        """Tokens of many users, without a process for each."""
        tokens = JwtTokens(signing_key("", self.data / "jwt.key"), SystemClock())
        lifetime = timedelta(days=1)
        return [tokens.issue(Caller(TENANT, user, role), lifetime) for user in users]

    def add_file(self, name: str, size: int, *, counted: bool = True, verify: bool = False) -> str:
        """Write a file of ``size`` bytes that nothing compresses, register it, and return its checksum.

        ``verify`` puts it on the storage that hashes what leaves, which rules zero copy out.
        """
        storage = "checked" if verify else "disk"
        path = self._folder / "checked" / name if verify else self.files / name
        block = os.urandom(min(size, 1 << 20))
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for start in range(0, size, len(block)):
                piece = block[: size - start]
                file.write(piece)
                digest.update(piece)
        data_type = "RAWDATA" if counted else "QUICKLOOK_SD"
        self._run("files", "add", str(path), "--storage", storage, "--type", data_type)
        return digest.hexdigest()

    def add_s3(self, name: str, parameters: Mapping[str, object]) -> None:
        """A storage on S3."""
        given = [text for item in parameters.items() for text in ("--parameter", "=".join(map(str, item)))]
        self._run("storages", "add", name, "--plugin", "S3", *given)

    def add_listed(self, storage: str) -> None:
        """Register everything on a storage by its MD5."""
        self._run("files", "add", "--storage", storage, "--prefix", "", "--type", "RAWDATA", "--algorithm", "MD5")

    @contextmanager
    def serving(self, command: Sequence[str] = (COMMAND, "serve"), **settings: object) -> Iterator[Target]:
        """``rs-downloader serve``, or another command that says where it listens, on a free port."""
        extra = {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
        log = self._folder / f"{uuid.uuid4()}.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command, env=self._environment | extra, stdout=output, stderr=subprocess.STDOUT
            ) as process,
        ):
            try:
                yield Target(name=" ".join(command), port=_port(log, process), pid=process.pid)
            finally:
                stop(process)

    def download(self, target: Target, checksum: str, token: str = "") -> Ask:
        """The download of a file."""
        return Ask(port=target.port, path=f"/files/{checksum}/download", token=token or self.token)

    def transactions(self) -> int:
        """How many write transactions the database has seen, give or take a constant."""
        header = self.database.with_name(self.database.name + "-shm").read_bytes()[_COMMITS_OFFSET:][:4]
        count: int = struct.unpack("=I", header)[0]
        return count

    def reader(self) -> sqlite3.Connection:
        """A connection that only looks."""
        return sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([COMMAND, *arguments], env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout


def _port(log: Path, process: "subprocess.Popen[bytes]") -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(r"Listening on http://[^ ]+:(\d+) ", log.read_text()):
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start:\n{log.read_text()}")
