"""Numbers for Prometheus. No label names a tenant, a user, a file or a storage."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import attrs
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.telemetry.requests import ASGIApp, Message, Receive, Scope, Send
from application.ports.clock import Clock
from application.ports.metrics import DownloadMetrics

PREFIX = "rs_downloader_"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Reading = float | Mapping[str, float]
"""One number, or numbers by the value of a label."""


class Groups(Protocol):
    """How many calls shared a transaction: by powers of two, and their sum."""

    @property
    def sizes(self) -> Sequence[int]: ...

    @property
    def calls(self) -> int: ...


class Metrics(DownloadMetrics):
    """Everything that one instance counts, in a registry of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry(auto_describe=False)
        self._readings = _Readings()
        self._registry.register(self._readings)
        self._started = self._counter("downloads_started", "Transfers that were admitted.")
        self._refused = self._counter("downloads_refused", "Admissions that were refused.", "reason")
        self._ended = self._counter("downloads_ended", "Transfers that were settled.", "outcome")
        self._bytes = self._counter("delivered_bytes", "Bytes of files that clients have received.")
        self._cool_downs = self._counter("storage_cool_downs", "Times that a storage failed and was left alone.")
        self._unverified = self._counter(
            "downloads_unverified", "Transfers from a storage that verifies, of a file that cannot be verified here."
        )
        self._scrubbed = self._counter("copies_scrubbed", "Copies that were read for their integrity.", "result")
        self._scrubbed_bytes = self._counter("scrubbed_bytes", "Bytes that were read for the integrity of copies.")
        self._requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        self._response_start = Histogram(
            f"{PREFIX}http_response_start_seconds",
            "From a request to the head of its answer.",
            ["route"],
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._job_runs = self._counter("job_runs", "Runs of periodic jobs.", "job", "outcome")
        self._job_done: dict[str, float] = {}
        self.watch("job_lag_seconds", "Since a job last succeeded.", self._job_lags, label="job")
        for outcome in ("completed", "aborted"):
            self._ended.labels(outcome)

    def started(self) -> None:
        self._started.inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def ended(self, *, is_completed: bool, delivered_bytes: int) -> None:
        self._ended.labels("completed" if is_completed else "aborted").inc()
        self._bytes.inc(delivered_bytes)

    def cool_down_began(self) -> None:
        self._cool_downs.inc()

    def unverified(self) -> None:
        self._unverified.inc()

    def scrubbed(self, result: str, read_bytes: int) -> None:
        self._scrubbed.labels(result).inc()
        self._scrubbed_bytes.inc(read_bytes)

    def request(self, *, method: str, route: str, status: int) -> None:
        """A request was answered; ``route`` is the template of its address, never the address."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()

    def response_started(self, *, route: str, seconds: float) -> None:
        """The head of an answer left."""
        self._response_start.labels(route).observe(seconds)

    def job_expected(self, job: str) -> None:
        """A periodic job begins its life: its lag counts from here."""
        self._job_done.setdefault(job, self._clock.monotonic())

    def job_goes_on(self, job: str) -> None:
        """A run that takes long is at work, and not late."""
        self._job_done[job] = self._clock.monotonic()

    def job_ran(self, job: str, *, is_done: bool) -> None:
        """A periodic job ran."""
        self._job_runs.labels(job, "done" if is_done else "failed").inc()
        if is_done:
            self._job_done[job] = self._clock.monotonic()

    def watch(
        self, name: str, meaning: str, read: Callable[[], Reading], *, label: str | None = None, counts: bool = False
    ) -> None:
        """Read a number whenever somebody asks: one that only grows when ``counts``, by ``label`` when it has one."""
        self._readings.numbers.append(_Number(PREFIX + name, meaning, read, label, counts))

    def watch_groups(self, name: str, meaning: str, groups: Groups) -> None:
        """Read the sizes of groups whenever somebody asks."""
        self._readings.groups.append((PREFIX + name, meaning, groups))

    def exposition(self) -> tuple[bytes, str]:
        """All numbers in Prometheus' text format, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(PREFIX + name, meaning, labels, registry=self._registry)

    def _job_lags(self) -> Mapping[str, float]:
        now = self._clock.monotonic()
        return {job: now - done for job, done in self._job_done.items()}


@attrs.frozen
class RequestMetrics:
    """ASGI middleware around the whole application: counts requests by route, not by address."""

    app: ASGIApp
    metrics: Metrics
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = self.clock.monotonic(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self.metrics.response_started(route=_route(scope), seconds=self.clock.monotonic() - started)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self.metrics.request(method=scope["method"], route=_route(scope), status=status)


def _route(scope: Scope) -> str:
    """The template that the router found; every address that has none counts together."""
    return str(scope.get("path_template") or "none")


@attrs.frozen
class _Number:
    name: str
    meaning: str
    read: Callable[[], Reading]
    label: str | None
    counts: bool

    def family(self) -> Metric:
        labels = [self.label] if self.label is not None else []
        kind = CounterMetricFamily if self.counts else GaugeMetricFamily
        family = kind(self.name, self.meaning, labels=labels)
        found = self.read()
        for label, value in found.items() if isinstance(found, Mapping) else [("", found)]:
            family.add_metric([label] if labels else [], value)
        return family


@attrs.define(eq=False)
class _Readings(Collector):
    """What is read, not counted."""

    numbers: list[_Number] = attrs.field(factory=list)
    groups: list[tuple[str, str, Groups]] = attrs.field(factory=list)

    def collect(self) -> Iterable[Metric]:
        yield from (number.family() for number in self.numbers)
        for name, meaning, groups in self.groups:
            yield HistogramMetricFamily(name, meaning, buckets=list(_buckets(groups.sizes)), sum_value=groups.calls)


def _buckets(sizes: Sequence[int]) -> Iterator[tuple[str, float]]:
    """Cumulative counts: ``sizes[n]`` are the groups of more than half of, and at most, two to the power of n."""
    total = 0
    for power, count in enumerate(sizes):
        total += count
        yield str(float(2**power)), total
    yield "+Inf", total
