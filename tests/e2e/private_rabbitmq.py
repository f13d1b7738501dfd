"""A RabbitMQ broker of one test's own, with upstream's virtual hosts, which may be stopped and started."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.real_service import free_port

PROGRAMS = "/usr/lib/rabbitmq/bin"
"""Where Debian keeps the programs that run as whoever calls them; those on the path switch users."""

CALM = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Erlang's threads sleep when there is nothing to do, instead of looking for work on processors that tests need."""

VHOSTS = ("regards.multitenant.manager", "regards.instance.manager")


class PrivateRabbitMQ:
    """One running broker; see ``private_rabbitmq``."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        self._node = f"test{port}@localhost"
        self._pid_file = folder / "rabbit.pid"
        (folder / "enabled_plugins").write_text("[].\n")
        self._environment = {
            **os.environ,
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(folder),
            "RABBITMQ_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(self._pid_file),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": CALM,
            "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 {CALM}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def boot(self) -> None:
        """Start the node, and make the virtual hosts."""
        self._run("rabbitmq-server", "-detached")
        self.control("wait", "--timeout", "90", str(self._pid_file))
        for vhost in VHOSTS:
            self.control("add_vhost", vhost)
            self.control("set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")

    def stop(self) -> None:
        """Close every connection and take no more; what is durable stays."""
        self.control("stop_app")

    def start(self) -> None:
        """Take connections again."""
        self.control("start_app")

    def close_connections(self) -> None:
        """Close every connection by force."""
        self.control("close_all_connections", "a test")

    def shut_down(self) -> None:
        """End the node."""
        self.control("shutdown")

    def control(self, *arguments: str) -> None:
        self._run("rabbitmqctl", "-q", "-n", self._node, *arguments)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@contextmanager
def private_rabbitmq() -> Iterator[PrivateRabbitMQ]:
    """A new broker on a free port, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rs-downloader-rabbitmq-"))
    try:
        broker = PrivateRabbitMQ(folder)
        broker.boot()
        try:
            yield broker
        finally:
            broker.shut_down()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
