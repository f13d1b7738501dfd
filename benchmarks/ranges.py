"""A big file in ranges over one connection, the rest of it after a cut, and many small ranges far apart."""

import random
import statistics
from functools import partial

from benchmarks.report import Line, interleaved, median_ratio, spread
from benchmarks.setting import Setting
from benchmarks.sink import timed_fetch
from benchmarks.targets import Ask

GOAL = 1.1
PART_BYTES = 16 << 20
SMALL_BYTES = 1 << 20


def run(setting: Setting) -> list[Line]:
    """Gigabytes per second of each way to ask for a part."""
    size = setting.big.size
    starts = [random.Random(7).randrange(size - SMALL_BYTES) for _ in range(50)]
    ways: list[tuple[str, list[str], float | None]] = [
        (
            f"{setting.big.label} in ranges of 16 MiB",
            [f"{start}-{start + PART_BYTES - 1}" for start in range(0, size, PART_BYTES)],
            GOAL,
        ),
        (f"{setting.big.label} resumed at a third", [f"{size // 3}-"], GOAL),
        ("50 ranges of 1 MiB, anywhere", [f"{start}-{start + SMALL_BYTES - 1}" for start in starts], None),
    ]
    with setting.installation.serving() as service:
        asks = {
            "service": setting.installation.download(service, setting.big.checksum),
            "reference": Ask(port=setting.reference.port, path=f"/{setting.big.name}"),
        }
        return [_line(what, asks, ranges, goal, setting.rounds) for what, ranges, goal in ways]


def _line(what: str, asks: dict[str, Ask], ranges: list[str], goal: float | None, rounds: int) -> Line:
    rates = interleaved({name: partial(_rate, ask, ranges) for name, ask in asks.items()}, rounds)
    service, reference = rates["service"], rates["reference"]
    return Line(
        what=what,
        value=statistics.median(service),
        unit="GB/s",
        reference=statistics.median(reference),
        ratio=median_ratio(service, reference),
        at_least=goal,
        note=spread(service, reference),
    )


def _rate(ask: Ask, ranges: list[str]) -> float:
    received, seconds = timed_fetch(ask, ranges)
    return received / seconds / 1e9
