"""A file of 1 GiB by one client and by eight, and what a gigabyte costs in CPU time."""

from collections.abc import Callable, Sequence

from benchmarks.processes import cpu_seconds
from benchmarks.report import Line, interleaved, median_ratio, spread
from benchmarks.setting import Setting
from benchmarks.sink import timed_fetch, timed_fetch_by_many
from benchmarks.targets import Ask

GOAL_ONE, GOAL_EIGHT, GOAL_CPU = 1.3, 1.0, 0.75


def run(setting: Setting) -> list[Line]:
    """Gigabytes per second and CPU seconds per gigabyte, both next to the reference."""
    lines: list[Line] = []
    with setting.installation.serving() as service:
        asks = {
            "service": (setting.installation.download(service, setting.big.checksum), service.pid),
            "reference": (Ask(port=setting.reference.port, path=f"/{setting.big.name}"), setting.reference.pid),
        }
        for clients, goal, rounds in ((1, GOAL_ONE, setting.rounds), (8, GOAL_EIGHT, setting.rounds_of_many)):
            meters = {name: Meter(ask, pid, clients) for name, (ask, pid) in asks.items()}
            for meter in meters.values():
                meter.warm_up()
            rates = interleaved({name: meter.measure for name, meter in meters.items()}, rounds)
            lines += _lines(setting.big.label, clients, goal, rates, {name: m.cost for name, m in meters.items()})
    return lines


class Meter:
    def __init__(self, ask: Ask, pid: int, clients: int) -> None:
        self._fetch: Callable[[], tuple[int, float]] = (
            (lambda: timed_fetch(ask)) if clients == 1 else (lambda: timed_fetch_by_many(ask, clients))
        )
        self._pid = pid
        self._bytes, self._cpu = 0, 0.0

    def warm_up(self) -> None:
        self._fetch()

    def measure(self) -> float:
        before = cpu_seconds(self._pid)
        received, seconds = self._fetch()
        self._cpu += cpu_seconds(self._pid) - before
        self._bytes += received
        return received / seconds / 1e9

    def cost(self) -> float:
        return self._cpu / (self._bytes / 1e9)


def _lines(
    label: str, clients: int, goal: float, rates: dict[str, list[float]], costs: dict[str, Callable[[], float]]
) -> Sequence[Line]:
    service, reference = rates["service"], rates["reference"]
    who = "1 client" if clients == 1 else f"{clients} clients"
    ratio = median_ratio(service, reference)
    cost, reference_cost = costs["service"](), costs["reference"]()
    middle = len(service) // 2
    return (
        Line(
            what=f"{label} whole, {who}",
            value=sorted(service)[middle],
            unit="GB/s",
            reference=sorted(reference)[middle],
            ratio=ratio,
            at_least=goal,
            note=spread(service, reference),
        ),
        Line(
            what=f"{label} whole, {who}: CPU",
            value=cost,
            unit="s/GB",
            reference=reference_cost,
            ratio=cost / reference_cost,
            at_most=GOAL_CPU,
            note="server process, all rounds",
        ),
    )
