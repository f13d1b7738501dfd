"""How long other requests wait while four clients take all they can get."""

import multiprocessing
import statistics
import time
from multiprocessing.synchronize import Event

from benchmarks.report import Line
from benchmarks.setting import Setting
from benchmarks.sink import SinkConnection
from benchmarks.targets import Ask

CLIENTS = 4
GOAL_P95_MS = 5.0
PAUSE_SECONDS = 0.005


def run(setting: Setting) -> list[Line]:
    """95th percentile of a HEAD of a small file, next to the reference under the same load."""
    with setting.installation.serving() as service:
        heavy = {
            "service": setting.installation.download(service, setting.big.checksum),
            "reference": Ask(port=setting.reference.port, path=f"/{setting.big.name}"),
        }
        light = {
            "service": setting.installation.download(service, setting.small.checksum),
            "reference": Ask(port=setting.reference.port, path=f"/{setting.small.name}"),
        }
        waits: dict[str, list[float]] = {"service": [], "reference": []}
        idle = _probe(light["service"], 1.0)
        for _ in range(setting.rounds_of_many):
            for name in waits:
                waits[name] += _probe_under_load(light[name], heavy[name], 1.0 if setting.is_quick else 2.0)
    p95, reference = _p95(waits["service"]), _p95(waits["reference"])
    return [
        Line(
            what=f"other requests while {CLIENTS} clients saturate: p95",
            value=p95,
            unit="ms",
            reference=reference,
            at_most=GOAL_P95_MS,
            note=f"median {statistics.median(waits['service']):.2f}, max {max(waits['service']):.1f}; "
            f"p95 when idle {_p95(idle):.2f}",
        )
    ]


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1]


def _probe_under_load(light: Ask, heavy: Ask, seconds: float) -> list[float]:
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    workers = [context.Process(target=_saturate, args=(heavy, stop)) for _ in range(CLIENTS)]
    for worker in workers:
        worker.start()
    time.sleep(0.3)
    waits = _probe(light, seconds)
    stop.set()
    for worker in workers:
        worker.join()
    return waits


def _saturate(ask: Ask, stop: Event) -> None:
    while not stop.is_set():
        connection = SinkConnection(ask.port)
        connection.socket.sendall(ask.message())
        _, length = connection.read_head()
        while length > 0 and not stop.is_set():
            part = min(length, 1 << 24)
            connection.discard(part)
            length -= part
        connection.close()


def _probe(ask: Ask, seconds: float) -> list[float]:
    """Milliseconds that each of the requests took."""
    connection = SinkConnection(ask.port)
    message, waits = ask.message(method="HEAD"), []
    ends = time.monotonic() + seconds
    while (started := time.monotonic()) < ends:
        connection.socket.sendall(message)
        connection.read_head()
        waits.append((time.monotonic() - started) * 1000)
        time.sleep(PAUSE_SECONDS)
    connection.close()
    return waits
