"""Many small requests at once, from one thread that does little else than to wait for the server."""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.targets import Ask


def rate(asks: Sequence[Ask], seconds: float) -> float:
    """Answers per second over one keep-alive connection per ask, each with one request in flight all of the time.

    Raises ``ConnectionError`` for any status but 200.
    """
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        connections: dict[int, _Connection] = {}
        for ask in asks:
            connection = _Connection(ask)
            stack.enter_context(connection.socket)
            connections[connection.socket.fileno()] = connection
            poll.register(connection.socket, select.EPOLLIN)
            connection.ask()
        started = time.monotonic()
        answered = 0
        while time.monotonic() < started + seconds:
            for descriptor, _ in poll.poll(1):
                if connections[descriptor].read():
                    answered += 1
                    connections[descriptor].ask()
        elapsed = time.monotonic() - started
        waiting = set(connections)
        while waiting:
            waiting -= {descriptor for descriptor, _ in poll.poll(10) if connections[descriptor].read()}
        return answered / elapsed


class _Connection:
    def __init__(self, ask: Ask) -> None:
        self.socket = socket.create_connection(("127.0.0.1", ask.port))
        self._message = ask.message()
        self._received = b""

    def ask(self) -> None:
        self.socket.sendall(self._message)

    def read(self) -> bool:
        """Take what has come; whether the answer is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(self._received.decode("latin-1"))
        _, _, length = head.lower().partition(b"content-length:")
        if len(body) < int(length.partition(b"\r\n")[0]):
            return False
        self._received = b""
        return True
