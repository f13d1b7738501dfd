"""Clients that cost as little as a client can, so that the server is what is measured."""

import multiprocessing
import socket
import sys
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier

from benchmarks.targets import Ask

DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
"""With MSG_TRUNC the kernel drops the bytes instead of copying them (tcp(7))."""

_HEAD_LIMIT = 65536


class SinkConnection:
    """One keep-alive connection that throws bodies away."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(60)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self._buffer = bytearray(1 << 20)

    def read_head(self) -> tuple[int, int]:
        """Status and length of the body that follows; raises ``ConnectionError`` at the end of the connection."""
        head = b""
        while b"\r\n\r\n" not in head:
            seen = self.socket.recv(_HEAD_LIMIT, socket.MSG_PEEK)
            if not seen:
                raise ConnectionError(f"closed after {head!r}")
            end = seen.find(b"\r\n\r\n")
            head += self.socket.recv(end + 4 if end >= 0 else len(seen))
        fields = head.lower().split(b"\r\n")
        lengths = [int(field.partition(b":")[2]) for field in fields if field.startswith(b"content-length:")]
        return int(fields[0].split()[1]), lengths[0]

    def discard(self, length: int) -> None:
        """Read ``length`` bytes into nothing."""
        while length > 0:
            count = self.socket.recv_into(self._buffer, min(length, len(self._buffer)), DISCARD)
            if count == 0:
                raise ConnectionError(f"{length} bytes are missing")
            length -= count

    def fetch(self, message: bytes) -> int:
        """One request, its body thrown away; its length. Raises ``ConnectionError`` for any status but 200 and 206."""
        self.socket.sendall(message)
        status, length = self.read_head()
        if status not in {200, 206}:
            raise ConnectionError(f"status {status}")
        self.discard(length)
        return length

    def close(self) -> None:
        """Leave."""
        self.socket.close()


def timed_fetch(ask: Ask, ranges: Sequence[str] = ("",)) -> tuple[int, float]:
    """Bytes and seconds of one connection that asks for one range after the other ("" is the whole file)."""
    connection = SinkConnection(ask.port)
    started = time.monotonic()
    received = sum(connection.fetch(ask.message(byte_range=wanted)) for wanted in ranges)
    seconds = time.monotonic() - started
    connection.close()
    return received, seconds


def timed_fetch_by_many(ask: Ask, clients: int) -> tuple[int, float]:
    """Bytes and seconds (first start to last end) of ``clients`` processes that fetch the whole file at once."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(clients)
    results: multiprocessing.queues.SimpleQueue[tuple[int, float, float]] = context.SimpleQueue()
    workers = [context.Process(target=_fetch_together, args=(ask, barrier, results)) for _ in range(clients)]
    for worker in workers:
        worker.start()
    done = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return sum(received for received, _, _ in done), max(end for *_, end in done) - min(start for _, start, _ in done)


def _fetch_together(
    ask: Ask, barrier: Barrier, results: "multiprocessing.queues.SimpleQueue[tuple[int, float, float]]"
) -> None:
    connection = SinkConnection(ask.port)
    barrier.wait(60)
    started = time.monotonic()
    received = connection.fetch(ask.message())
    results.put((received, started, time.monotonic()))
    connection.close()
