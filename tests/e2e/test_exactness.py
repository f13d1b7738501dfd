"""Many clients at once, one server and two: never over the quota, never over the rate, exactly what is allowed."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.observer import SIZE, Observer
from tests.e2e.real_service import ALICE, Installation, settled_quota

REQUESTS = 200


@pytest.mark.parametrize("servers", [1, 2])
def test_exactly_the_quota_is_granted_and_never_more_at_once_than_the_rate(tmp_path: Path, servers: int) -> None:
    installation = Installation(tmp_path)
    checksum, data = installation.add_file(SIZE)
    installation.set_limits(max_quota=50, rate_limit=3)
    observer = Observer(data, rate_limit=3)

    with installation.several_serving(servers, slot_wait_seconds=30) as running:
        ports, token = [server.port for server in running], installation.token()
        asyncio.run(observer.all_at_once(ports, f"/files/{checksum}/download", token, REQUESTS))
        counted = settled_quota(running[0], token)

    assert (observer.granted, observer.completed) == (50, 50)
    assert observer.refused_for_quota == REQUESTS - 50
    assert 1 < observer.most <= 3
    assert set(observer.statuses) <= {200, 429}
    assert counted == {
        "email": ALICE, "maxQuota": 50, "rateLimit": 3, "currentQuota": 50, "currentRate": 0,
    }  # fmt: skip
