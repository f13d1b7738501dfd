"""The numbers of an instance, as Prometheus reads them."""

from datetime import timedelta

import pytest
from litestar.testing import AsyncTestClient
from prometheus_client.parser import text_string_to_metric_families

from adapters.telemetry.metrics import Metrics, RequestMetrics
from domain.access import Role
from tests.e2e.service import TENANT, Service
from tests.fakes.fixed_clock import FixedClock


def samples(metrics):
    body, media_type = metrics.exposition()
    assert media_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(body.decode())
    return {
        (sample.name.removeprefix("rs_downloader_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_downloads_are_counted_by_how_they_began_and_ended():
    metrics = Metrics(FixedClock())
    metrics.started()
    metrics.started()
    metrics.refused("quota")
    metrics.ended(is_completed=True, delivered_bytes=100)
    metrics.ended(is_completed=False, delivered_bytes=7)

    found = samples(metrics)

    assert found["downloads_started_total",] == 2
    assert found["downloads_refused_total", "quota"] == 1
    assert found["downloads_ended_total", "completed"] == 1
    assert found["downloads_ended_total", "aborted"] == 1
    assert found["delivered_bytes_total",] == 107


def test_what_is_watched_is_read_when_somebody_asks():
    metrics, now = Metrics(FixedClock()), {"a": 1}
    metrics.watch("running", "What runs.", lambda: len(now))
    metrics.watch("things", "What there is.", lambda: now, label="kind", counts=True)
    now["b"] = 5

    found = samples(metrics)

    assert found["running",] == 2
    assert (found["things_total", "a"], found["things_total", "b"]) == (1, 5)


def test_sizes_of_groups_are_a_histogram():
    class Groups:
        sizes = (5, 0, 2)
        calls = 11

    metrics = Metrics(FixedClock())
    metrics.watch_groups("group_size", "Sizes.", Groups())

    found = samples(metrics)

    assert [found["group_size_bucket", bound] for bound in ("1.0", "2.0", "4.0", "+Inf")] == [5, 5, 7, 7]
    assert found["group_size_sum",] == 11


def test_the_lag_of_a_job_grows_until_it_succeeds():
    clock = FixedClock()
    metrics = Metrics(clock)
    metrics.job_expected("sweep")
    clock.advance(timedelta(seconds=5))
    metrics.job_ran("sweep", is_done=False)
    late = samples(metrics)
    metrics.job_ran("sweep", is_done=True)
    done = samples(metrics)

    assert late["job_lag_seconds", "sweep"] == 5
    assert done["job_lag_seconds", "sweep"] == 0
    assert (done["job_runs_total", "sweep", "done"], done["job_runs_total", "sweep", "failed"]) == (1, 1)


@pytest.mark.anyio
async def test_requests_are_counted_by_route_and_name_nobody():
    service = Service()
    metrics = Metrics(service.clock)
    app = RequestMetrics(service.app(), metrics, service.clock)
    async with AsyncTestClient(app, base_url="http://testserver.local") as client:
        await client.get("/quota/eve@x.org", headers=service.bearer(Role.PROJECT_ADMIN))
        await client.get("/quota/adam@x.org", headers=service.bearer(Role.REGISTERED_USER))
        await client.get("/secret/path")
        await client.request("BREW", "/quota")
        await client.get("/files/c1/download/token?t=secret", headers={"scope": TENANT})

    found = samples(metrics)
    text = metrics.exposition()[0].decode()

    assert found["http_requests_total", "GET", "/quota/{user_email}", "200"] == 1
    assert found["http_requests_total", "GET", "/quota/{user_email}", "403"] == 1
    assert found["http_requests_total", "GET", "none", "404"] == 1
    assert found["http_response_start_seconds_count", "/quota/{user_email}"] == 2
    assert not any(word in text for word in ("eve", "adam", "secret", "BREW", TENANT, "c1"))
