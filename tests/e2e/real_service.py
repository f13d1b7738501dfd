"""The service as its users meet it: ``rs-downloader`` in processes of its own, on a folder of its own."""

import hashlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

TENANT = "demo"
ALICE = "alice@example.org"
COMMAND = str(Path(sys.executable).with_name("rs-downloader"))


class Installation:
    """A data folder with a tenant, and the command line on it."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")},
            "RS_DOWNLOADER_DATA_DIR": str(self.data_dir),
            "RS_DOWNLOADER_LOG_FORMAT": "json",
            **{f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.run("migrate")
        self.run("tenants", "add", TENANT)

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed; what it printed."""
        done = subprocess.run(
            [COMMAND, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def token(self, user: str = ALICE, role: str = "PROJECT_ADMIN") -> str:
        """A JWT of a user."""
        return self.run("token", "--tenant", TENANT, "--user", user, "--role", role).strip()

    def add_file(self, size: int, *storages: str, verify: bool = False, name: str = "file.dat") -> tuple[str, bytes]:
        """Put the same random bytes on each storage (``disk`` by default) and register them; checksum and bytes."""
        data = random.Random(f"{name}{size}").randbytes(size)
        for storage in storages or ("disk",):
            path = self.path(storage, name)
            if not path.parent.exists():
                path.parent.mkdir(parents=True)
                verifying = ["--verify"] if verify else []
                self.run("storages", "add", storage, "--tenant", TENANT, "--path", str(path.parent), *verifying)
            path.write_bytes(data)
            self.run(
                "files", "add", str(path), "--tenant", TENANT, "--storage", storage, "--type", "RAWDATA",
                "--algorithm", "SHA-256",
            )  # fmt: skip
        return hashlib.sha256(data).hexdigest(), data

    def path(self, storage: str, name: str = "file.dat") -> Path:
        """Where a copy lies."""
        return self.folder / storage / name

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says, read behind the service's back."""
        with sqlite3.connect(f"file:{self.data_dir / 'rs-downloader.db'}?mode=ro", uri=True) as connection:
            rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    def set_limits(self, *, max_quota: int = -1, rate_limit: int = -1, user: str = ALICE) -> None:
        """Give a user own limits."""
        self.run(
            "quota", "set", user, "--tenant", TENANT, "--max-quota", str(max_quota), "--rate-limit", str(rate_limit)
        )

    @contextmanager
    def serving(self, **settings: object) -> Iterator["Server"]:
        """A server on a free port, stopped at the end if it still runs."""
        server = Server(self._environment, **settings)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


class Server:
    """One server process."""

    def __init__(self, environment: dict[str, str], **settings: object) -> None:
        self.port = _free_port()
        own = {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
        self._process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(self.port)],
            env={**environment, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Until it answers; a process that ends before is a failure with what it said."""
        for _ in range(600):
            if self._process.poll() is not None:
                raise AssertionError(f"The server ended: {self._process.communicate()[1]}")
            try:
                httpx.get(f"{self.url}/schema/openapi.json", timeout=1)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("The server never answered.")

    def kill(self) -> None:
        """SIGKILL: nothing is settled, nothing is flushed."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def stop(self) -> str:
        """SIGTERM, and what it wrote to its log."""
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.communicate(timeout=60)[1] or ""


class SlowClient:
    """A client on a raw socket, which reads only when told to."""

    def __init__(self, server: Server, checksum: str, token: str, *, receive_buffer: int = 64 * 1024) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(("127.0.0.1", server.port))
        self._socket.sendall(
            f"GET /files/{checksum}/download HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        self.head = b""

    def read_head(self) -> int:
        """Read the head, byte by byte; the status."""
        while not self.head.endswith(b"\r\n\r\n"):
            byte = self._socket.recv(1)
            assert byte, "the server closed before the end of the head"
            self.head += byte
        return int(self.head.split()[1])

    def read(self, count: int) -> bytes:
        """Read so many bytes of the body, or fewer at its end."""
        data = b""
        while len(data) < count and (more := self._socket.recv(count - len(data))):
            data += more
        return data

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def quota(server: Server, token: str) -> dict[str, Any]:
    """What the service says of the caller's quota."""
    answer = httpx.get(f"{server.url}/quota/current", headers={"Authorization": f"Bearer {token}"})
    found: dict[str, Any] = json.loads(answer.content)
    return found


def until(condition: Any, seconds: float = 30.0) -> None:
    """Wait until a condition holds; a failure says that it never did. No assertion on how long it took."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "The condition never came true."
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
