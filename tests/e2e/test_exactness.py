"""Many clients at once, one server and two: never over the quota, never over the rate, exactly what is allowed."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.e2e.real_service import ALICE, Installation, quota

pytestmark = pytest.mark.anyio

REQUESTS = 200


class Observer:
    """Counts from outside, with what the clients see."""

    def __init__(self) -> None:
        self.at_once = 0
        self.most = 0
        self.granted = 0
        self.refused_for_quota = 0

    async def download(self, client: httpx.AsyncClient, url: str, token: str, expected: bytes) -> None:
        """Ask until the file was received or the quota is used up."""
        while True:
            async with client.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer:
                if answer.status_code == 429:
                    sentence = (await answer.aread()).decode()
                    if sentence.startswith("Download quota"):
                        self.refused_for_quota += 1
                        return
                    assert sentence == f"Download rate of 3 exceeded (by 0) for user {ALICE}."
                    assert int(answer.headers["retry-after"]) >= 1
                    continue
                assert answer.status_code == 200
                self.at_once += 1
                self.most = max(self.most, self.at_once)
                self.granted += 1
                received = b"".join([chunk async for chunk in answer.aiter_bytes()])
                self.at_once -= 1
                assert received == expected
                return


@pytest.mark.parametrize("servers", [1, 2])
async def test_exactly_the_quota_is_granted_and_never_more_at_once_than_the_rate(tmp_path: Path, servers: int) -> None:
    installation = Installation(tmp_path)
    checksum, data = installation.add_file(300_000)
    installation.set_limits(max_quota=50, rate_limit=3)
    token, observer = installation.token(), Observer()

    with ExitStack() as stack:
        running = [stack.enter_context(installation.serving(slot_wait_seconds=30)) for _ in range(servers)]
        async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=REQUESTS)) as client:
            await asyncio.gather(
                *(
                    observer.download(client, f"{running[i % servers].url}/files/{checksum}/download", token, data)
                    for i in range(REQUESTS)
                )
            )
        counted = quota(running[0], token)

    assert observer.granted == 50
    assert observer.refused_for_quota == REQUESTS - 50
    assert observer.most <= 3
    assert counted == {
        "email": ALICE, "maxQuota": 50, "rateLimit": 3, "currentQuota": 50, "currentRate": 0,
    }  # fmt: skip
