"""Health and numbers, as a balancer and a monitor ask for them."""

import asyncio
from datetime import timedelta

import attrs
import httpx
import pytest

from adapters.http.management import ManagementApp
from adapters.telemetry.metrics import Metrics
from application.errors import DatabaseUnavailable
from application.ports.health import HealthCheck
from application.use_cases.check_health import CheckHealth
from tests.e2e.service import Service
from tests.fakes.fixed_clock import FixedClock

pytestmark = pytest.mark.anyio


@attrs.define
class Scripted(HealthCheck):
    """A check that finds what it is told to."""

    name: str = "database"
    is_vital: bool = True
    finding: str | Exception | None = None
    hangs: bool = False
    asked: int = 0

    async def problem(self):
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if isinstance(self.finding, Exception):
            raise self.finding
        return self.finding


async def ready(*checks, is_draining=False, limit_seconds=2.0):
    health = CheckHealth(list(checks), FixedClock(), limit_seconds)
    health.is_draining = is_draining
    async with Service(health=health).client() as client:
        return await client.get("/health/ready")


async def test_a_live_process_says_so_to_everybody():
    async with Service().client() as client:
        answer = await client.get("/health/live", headers={"authorization": "Bearer nonsense"})

    assert (answer.status_code, answer.json()) == (200, {"status": "UP"})


async def test_a_ready_instance_tells_what_was_looked_at():
    answer = await ready(Scripted(), Scripted("disk"))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "UP",
        "checks": {"database": {"status": "UP", "seconds": 0.0}, "disk": {"status": "UP", "seconds": 0.0}},
    }


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        ("It is full.", "It is full."),
        (DatabaseUnavailable("The database does not answer."), "The database does not answer."),
        (RuntimeError("with a secret in it"), "The check failed with RuntimeError."),
    ],
)
async def test_an_instance_without_a_vital_thing_is_not_ready(finding, told):
    answer = await ready(Scripted(finding=finding), Scripted("disk"))

    assert (answer.status_code, answer.json()["status"]) == (503, "DOWN")
    assert answer.json()["checks"]["database"]["problem"] == told
    assert answer.json()["checks"]["disk"]["status"] == "UP"


async def test_a_check_that_hangs_is_a_problem_and_holds_nothing_up():
    answer = await ready(Scripted(hangs=True), limit_seconds=0.01)

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["problem"] == "No answer within 0.01 seconds."


async def test_an_instance_without_something_else_is_ready_but_degraded():
    answer = await ready(Scripted(), Scripted("broker", is_vital=False, finding="It does not answer."))

    assert (answer.status_code, answer.json()["status"]) == (200, "DEGRADED")


async def test_a_draining_instance_is_not_ready():
    answer = await ready(Scripted(), is_draining=True)

    assert (answer.status_code, answer.json()["status"]) == (503, "DRAINING")


async def test_asking_often_looks_once_a_second():
    check, clock = Scripted(), FixedClock()
    health = CheckHealth([check], clock)

    for _ in range(5):
        await health.execute()
    clock.advance(timedelta(seconds=1))
    await health.execute()

    assert check.asked == 2


async def test_the_management_port_has_these_three_and_nothing_else():
    metrics = Metrics(FixedClock())
    app = ManagementApp(CheckHealth([Scripted(finding="gone")], FixedClock()), metrics.exposition)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answers = {path: await client.get(path) for path in ("/health/live", "/health/ready", "/metrics", "/quota")}
        posted = await client.post("/metrics")

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/health/live": 200, "/health/ready": 503, "/metrics": 200, "/quota": 404,
    }  # fmt: skip
    assert "rs_downloader_downloads_started_total 0.0" in answers["/metrics"].text
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
