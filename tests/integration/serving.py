"""A real server on a free port of loopback, in a thread of its own, and raw clients for it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from adapters.http.listening import listening_socket
from adapters.http.server import Server


@attrs.frozen
class Serving:
    """A server that runs."""

    port: int
    server: Server

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """A raw connection; a small receive buffer makes the client's kernel take little on its own."""
        client = socket.socket()
        client.settimeout(20)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(("127.0.0.1", self.port))
        return client


@contextlib.contextmanager
def serving(app: Callable[..., Any], **options: Any) -> Iterator[Serving]:
    """Serve ``app`` until the block ends; ``options`` go to ``Server``."""
    started = threading.Event()
    sock = listening_socket("127.0.0.1", 0)
    server = Server(app, on_started=started.set, **{"graceful_timeout": 5.0, **options})
    thread = threading.Thread(target=server.run, args=([sock],), name="server under test")
    thread.start()
    try:
        assert started.wait(10), "the server did not start"
        yield Serving(sock.getsockname()[1], server)
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()
        assert not thread.is_alive(), "the server did not stop"


def reset(client: socket.socket) -> None:
    """Leave with an RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read_until_cut(client: socket.socket) -> tuple[bytes, bool]:
    """Everything until the server closes, and whether it did so with an RST."""
    received = bytearray()
    try:
        while data := client.recv(1 << 20):
            received += data
    except ConnectionResetError:
        return bytes(received), True
    return bytes(received), False


@attrs.frozen
class Answer:
    """One parsed response."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_answer(stream: Any, *, has_body: bool = True) -> Answer:
    """One response from ``socket.makefile("rb")``, by its Content-Length; a short body is returned short."""
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0"))) if has_body else b""
    return Answer(status, headers, body)
