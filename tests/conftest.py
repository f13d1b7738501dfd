"""What every test needs: the event loop that runs async tests, and how hard Hypothesis searches."""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings

# The suites live in modules that pytest does not collect; their assertions explain themselves all the same.
pytest.register_assert_rewrite("tests.contract", "tests.spec.machines")

settings.register_profile("default", deadline=None, max_examples=100, stateful_step_count=40)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=100,
    stateful_step_count=40,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", deadline=timedelta(seconds=60), max_examples=2000, stateful_step_count=120)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
