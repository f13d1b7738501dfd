"""Many clients that stop reading: what they cost, how much they hold, and how soon their slots are free again."""

import socket
import sqlite3
import statistics
import struct
import time

from benchmarks.processes import kernel_tcp_kib, resident_kib
from benchmarks.report import Line
from benchmarks.setting import BenchFile, Setting
from benchmarks.sink import SinkConnection, timed_fetch
from benchmarks.targets import Target

GOAL_KIB, GOAL_CHUNK_KIB, GOAL_FREE_MS, GOAL_HELD_KIB = 32, 256, 100, 1024
LEAVING_ONE_BY_ONE = 25
PATIENCE_SECONDS = 60


def run(setting: Setting) -> list[Line]:
    """Memory, bytes handed over and the time to free a slot; of zero copy, then of the chunk path."""
    return [
        *many_that_stop(setting, setting.stuck, "zero copy", GOAL_KIB),
        *many_that_stop(setting, setting.verified, "chunks (verified storage)", GOAL_CHUNK_KIB),
    ]


def many_that_stop(setting: Setting, file: BenchFile, how: str, goal: int) -> list[Line]:
    """What so many clients of one file cost that take the head of the answer and then nothing."""
    count = setting.slow_clients
    with setting.installation.serving(renew_seconds=0.5) as service:
        timed_fetch(setting.installation.download(service, file.checksum))
        before, kernel_before = resident_kib(service.pid), kernel_tcp_kib()
        clients = _stuck_clients(setting, service, file, count)
        try:
            held = _settled_progress(setting)
            memory = (resident_kib(service.pid) - before) / count
            kernel = (kernel_tcp_kib() - kernel_before) / count
            alone = [_leave(setting, [clients.pop()]) * 1000 for _ in range(min(LEAVING_ONE_BY_ONE, count - 1))]
            left = len(clients)
            together = _leave(setting, clients) * 1000
            clients = []
        finally:
            for client in clients:
                client.close()
    return [
        Line(
            what=f"RSS per client that stops reading, {how}",
            value=memory,
            unit="KiB",
            at_most=goal,
            note=f"{count} clients; kernel, both ends together: {kernel:.0f} KiB each",
        ),
        Line(
            what=f"handed to a client that stops reading, {how}",
            value=max(held) / 1024,
            unit="KiB",
            at_most=GOAL_HELD_KIB,
            note=f"largest of {count}, of {file.label}; median {statistics.median(held) / 1024:.0f} KiB",
        ),
        Line(
            what=f"client gone to slot free, {how}: median",
            value=statistics.median(alone),
            unit="ms",
            at_most=GOAL_FREE_MS,
            note=f"{len(alone)} one by one among {count}, max {max(alone):.0f}; {left} at once: {together:,.0f} ms",
        ),
    ]


def _stuck_clients(setting: Setting, service: Target, file: BenchFile, count: int) -> list[SinkConnection]:
    message = setting.installation.download(service, file.checksum).message()
    clients = []
    for _ in range(count):
        client = SinkConnection(service.port)
        client.socket.sendall(message)
        clients.append(client)
    for client in clients:
        status, _ = client.read_head()
        if status != 200:
            raise ConnectionError(f"status {status}")
    return clients


def _settled_progress(setting: Setting) -> list[int]:
    """Bytes handed over per transfer, once they have stopped to change."""
    reader = setting.installation.reader()
    deadline = time.monotonic() + PATIENCE_SECONDS
    last: list[int] = []
    while time.monotonic() < deadline:
        time.sleep(1.5)
        now = [row[0] for row in reader.execute("SELECT progress_bytes FROM transfer ORDER BY id")]
        if now == last and now:
            break
        last = now
    reader.close()
    return last


def _leave(setting: Setting, clients: list[SinkConnection]) -> float:
    """Seconds from the reset of these connections until as many slots are free, as the database says."""
    reader = setting.installation.reader()
    wanted = _running(reader) - len(clients)
    for client in clients:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    started = time.monotonic()
    for client in clients:
        client.close()
    while _running(reader) > wanted:
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise TimeoutError(f"{_running(reader)} transfers are still running")
        time.sleep(0.001)
    reader.close()
    return time.monotonic() - started


def _running(reader: sqlite3.Connection) -> int:
    count: int = reader.execute("SELECT count(*) FROM transfer").fetchone()[0]
    return count
