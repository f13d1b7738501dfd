"""What every test needs: the event loop that runs async tests, and how hard Hypothesis searches."""

import gc
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.s3_servers import S3Server

# The suites live in modules that pytest does not collect; their assertions explain themselves all the same.
pytest.register_assert_rewrite("tests.contract", "tests.spec.machines")

settings.register_profile("default", deadline=None, max_examples=100, stateful_step_count=40)
# A quarter of what a developer's run tries, so that CI ends within a quarter of an hour; "nightly" tries far more.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", deadline=timedelta(seconds=60), max_examples=2000, stateful_step_count=120)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: collecting garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def s3_server() -> "Iterator[S3Server]":
    """An S3 server for the whole session; tests make buckets of their own in it."""
    from tests.s3_servers import seaweedfs

    with seaweedfs() as server:
        yield server
