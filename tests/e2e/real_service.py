"""The service as its clients meet it: ``rs-downloader serve`` in processes of its own, on a folder of its own."""

import asyncio
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from application.use_cases.set_quota import SetQuotaRequest
from domain.access import Caller, Role
from entrypoints.containers import CLIContainer
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings

T = TypeVar("T")
TENANT = "demo"
ALICE = "alice@example.org"
COMMAND = str(Path(sys.executable).with_name("rs-downloader"))


class Installation:
    """A data folder with a tenant; what the tests need in it is made by the use cases themselves.

    ``database_url``, among the settings, names another database than the file in that folder.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.data_dir.mkdir()
        self._own = {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
        self._own |= {"RS_DOWNLOADER_DATA_DIR": str(self.data_dir), "RS_DOWNLOADER_LOG_FORMAT": "json"}
        self._settings = Settings.from_environ(self._own)
        self._storages: set[str] = set()
        migrate.upgrade(self._settings.resolved_database_url)
        self.use(lambda use_cases: use_cases.add_tenant().execute(TENANT))

    def use(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run use cases on this installation, beside any server."""

        async def inside() -> T:
            container = CLIContainer(settings=self._settings)
            async with opened(container.adapters):
                return await work(container.use_cases)

        return asyncio.run(inside())

    def token(self, user: str = ALICE, role: Role = Role.PROJECT_ADMIN, tenant: str = TENANT) -> str:
        """A JWT of a user."""
        tokens = CLIContainer(settings=self._settings).adapters.tokens()
        issued: str = tokens.issue(Caller(tenant, user, role), timedelta(hours=1))
        return issued

    def add_file(self, size: int, *storages: str, verify: bool = False, name: str = "file.dat") -> tuple[str, bytes]:
        """Put the same random bytes on each storage (``disk`` by default) and register them; checksum and bytes."""
        data = random.Random(f"{name}{size}").randbytes(size)
        checksum = hashlib.sha256(data).hexdigest()
        copies = [self.path(storage, name) for storage in storages or ("disk",)]
        for path in copies:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)

        async def register(use_cases: Any) -> None:
            for path in copies:
                if path.parent.name not in self._storages:
                    self._storages.add(path.parent.name)
                    await use_cases.add_storage().execute(
                        StorageRequest(
                            tenant=TENANT,
                            name=path.parent.name,
                            plugin_id="Local",
                            parameters={"Storage_URL": str(path.parent)},
                            verify=verify,
                        )
                    )
                new = NewFile(
                    checksum=checksum,
                    algorithm="SHA-256",
                    file_name=name,
                    size_bytes=size,
                    media_type="application/octet-stream",
                    data_type="RAWDATA",
                    storage=path.parent.name,
                    url=path.as_uri(),
                )
                result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
                assert isinstance(result, Registered), result

        self.use(register)
        return checksum, data

    def path(self, storage: str, name: str = "file.dat") -> Path:
        """Where a copy lies."""
        return self.folder / storage / name

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says, read behind the service's back."""
        engine = create_engine_for(self._settings.resolved_database_url)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(sql)]
        finally:
            engine.dispose()

    def set_limits(self, *, max_quota: int = -1, rate_limit: int = -1, user: str = ALICE) -> None:
        """Give a user own limits."""
        request = SetQuotaRequest(tenant=TENANT, email=user, max_quota=max_quota, rate_limit=rate_limit)
        self.use(lambda use_cases: use_cases.set_quota().execute(request))

    @contextmanager
    def serving(self, **settings: object) -> Iterator["Server"]:
        """A server on a free port, stopped at the end if it still runs."""
        with self.several_serving(1, **settings) as (server,):
            yield server

    @contextmanager
    def several_serving(self, count: int, **settings: object) -> Iterator[list["Server"]]:
        """So many of them, which start at the same time. What is in the list at the end is stopped."""
        servers = [self.started(**settings) for _ in range(count)]
        try:
            for server in servers:
                server.wait_until_ready()
            yield servers
        finally:
            with ExitStack() as stack:
                for server in servers:
                    stack.callback(server.stop)

    def started(self, port: int = 0, **settings: object) -> "Server":
        """A server that starts now, on this port or a free one; whoever asked stops it."""
        return Server(self.environment, port, **settings)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
        return {**plain, **self._own}


class Server:
    """One server process."""

    def __init__(self, environment: dict[str, str], port: int = 0, **settings: object) -> None:
        self.port = port or free_port()
        own = {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
        # A file and not a pipe: a pipe that nobody reads stops the server as soon as it is full.
        self._log = Path(environment["RS_DOWNLOADER_DATA_DIR"]) / f"server-{self.port}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port)],
                env={**environment, **own},
                stdout=subprocess.DEVNULL,
                stderr=log,
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
        for _ in range(2400):
            if self._process.poll() is not None:
                raise AssertionError(f"The server ended: {self.log}")
            if self._answers():
                return
            time.sleep(0.05)
        raise AssertionError("The server never answered.")

    def _answers(self) -> bool:
        """Whether anything comes back; without the cost of a client made for more."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/problems/not-found")
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                return False
        return True

    def kill(self) -> None:
        """SIGKILL: nothing is settled, nothing is flushed."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> str:
        """SIGTERM, and what it wrote to its log."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(timeout=60)
        return self.log

    @property
    def log(self) -> str:
        """What it has written to its log."""
        return self._log.read_text()


class SlowClient:
    """A client on a raw socket, which reads only when told to."""

    def __init__(
        self, server: Server, checksum: str, token: str, *, receive_buffer: int = 64 * 1024, path: str = ""
    ) -> None:
        """Asks for a file by its checksum, or for what is at ``path``."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(("127.0.0.1", server.port))
        self._socket.sendall(
            f"GET {path or f'/files/{checksum}/download'} HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
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


def settled_quota(server: Server, token: str) -> dict[str, Any]:
    """What it says once every transfer is settled, which is a moment after the client has its last byte, and after
    the next renewal of leases where the database was away in that moment."""
    until(lambda: quota(server, token).get("currentRate") == 0)
    return quota(server, token)


def until(condition: Any, seconds: float = 120.0) -> None:
    """Wait until a condition holds; a failure says that it never did. No assertion on how long it took."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "The condition never came true."
        time.sleep(0.05)


def free_port() -> int:
    """A TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
