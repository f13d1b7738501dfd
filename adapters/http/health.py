"""Health and numbers for whoever watches an instance: the answers, and their routes (contract-downloader 11)."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import SkipValidation

from adapters.http.answering import AnswerResponse
from adapters.http.documentation import NO_CALLER
from adapters.http.errors import Answer
from adapters.http.payloads import Payload
from adapters.http.roles import everybody
from application.use_cases.check_health import CheckHealth, HealthReport

LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"
PATHS = frozenset({LIVE, READY, METRICS})

Exposition = Callable[[], tuple[bytes, str]]
"""The numbers in Prometheus' text format, and its media type."""

_TAG = "operations"
_OPEN: dict[str, Any] = {"opt": everybody(), "security": NO_CALLER, "tags": [_TAG]}


class CheckView(Payload):
    """One thing that was looked at: UP or DOWN, how long looking took, and what is wrong."""

    status: str
    seconds: float
    problem: str | None = None


class HealthView(Payload):
    """UP, DEGRADED, DRAINING or DOWN, and everything that was looked at."""

    status: str
    checks: dict[str, CheckView] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, report: HealthReport) -> "HealthView":
        """The report as it is sent."""
        return cls(
            status=report.readiness,
            checks={
                check.name: CheckView(
                    status="UP" if check.problem is None else "DOWN",
                    seconds=round(check.seconds, 4),
                    problem=check.problem,
                )
                for check in report.checks
            },
        )


def live_answer() -> Answer:
    """The process runs, and its event loop turns: otherwise there would be no answer."""
    return _json(200, HealthView(status="UP"))


async def ready_answer(check_health: CheckHealth) -> Answer:
    """200 when this instance should be sent work, else 503."""
    report = await check_health.execute()
    return _json(200 if report.is_ready else 503, HealthView.of(report))


def metrics_answer(exposition: Exposition) -> Answer:
    """The numbers."""
    body, media_type = exposition()
    return Answer.of(200, [("content-type", media_type)], body)


def _json(status: int, view: HealthView) -> Answer:
    return Answer.of(status, [("content-type", "application/json")], msgspec.json.encode(view))


def _answers(*statuses: int) -> dict[int, ResponseSpec]:
    meanings = {200: "It is.", 503: "It is not; `checks` tell why."}
    return {
        status: ResponseSpec(data_container=HealthView, generate_examples=False, description=meanings[status])
        for status in statuses
    }


@get(LIVE, operation_id="isLive", summary="Whether the process lives", responses=_answers(200), **_OPEN)
async def is_live() -> Response[Any]:
    """Restart the instance when this is not answered. Nothing else is looked at."""
    return AnswerResponse(live_answer())


@get(
    READY,
    operation_id="isReady",
    summary="Whether the instance should be sent work",
    responses=_answers(200, 503),
    **_OPEN,
)
async def is_ready(check_health: NamedDependency[SkipValidation[CheckHealth]]) -> Response[Any]:
    """Answers are at most a second old. DEGRADED is ready: something that others can work without is missing."""
    return AnswerResponse(await ready_answer(check_health))


@get(
    METRICS,
    operation_id="readMetrics",
    summary="Read the numbers of this instance",
    media_type="text/plain",
    responses={
        200: ResponseSpec(
            data_container=str,
            generate_examples=False,
            media_type="text/plain",
            description="Prometheus' text format.",
        )
    },
    **_OPEN,
)
async def read_metrics(exposition: NamedDependency[SkipValidation[Exposition]]) -> Response[Any]:
    """Downloads, bytes, the ledger, requests and jobs. Nobody is named."""
    return AnswerResponse(metrics_answer(exposition))


route_handlers = (is_live, is_ready, read_metrics)
