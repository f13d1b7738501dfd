"""Many small requests at once, from one thread that does little else than to wait for the server."""

import select
import socket
import time
from collections.abc import Sequence

from benchmarks.targets import Ask


class Load:
    """Keep-alive connections, each with one request in flight for all of the time."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._poll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        for ask in asks:
            connection = _Connection(ask)
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)

    def rate(self, seconds: float) -> float:
        """Answers per second. Raises ``ConnectionError`` for any status but 200."""
        for connection in self._connections.values():
            connection.ask()
        started = time.monotonic()
        ends, answered = started + seconds, 0
        while time.monotonic() < ends:
            for descriptor, _ in self._poll.poll(1):
                if self._connections[descriptor].read():
                    answered += 1
                    self._connections[descriptor].ask()
        elapsed = time.monotonic() - started
        waiting = set(self._connections)
        while waiting:
            for descriptor, _ in self._poll.poll(10):
                if self._connections[descriptor].read():
                    waiting.discard(descriptor)
        return answered / elapsed

    def close(self) -> None:
        """Leave."""
        self._poll.close()
        for connection in self._connections.values():
            connection.socket.close()


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
