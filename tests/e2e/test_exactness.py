"""Many clients at once, one server and two: never over the quota, never over the rate, exactly what is allowed."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.e2e.real_service import ALICE, Installation, quota

REQUESTS = 200
SIZE = 2 * 1024 * 1024
BUFFERED = 1024 * 1024
"""More than the sockets of both ends hold: while this much is missing, the server is surely still sending."""

SMALL_BUFFER = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)]


class Observer:
    """Counts from outside, with what the clients see: downloads that have begun and cannot have ended."""

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
                received = bytearray()
                async for chunk in answer.aiter_bytes():
                    was_sending = len(received) < SIZE - BUFFERED
                    received += chunk
                    self.at_once -= was_sending and len(received) >= SIZE - BUFFERED
                assert received == expected
                return


async def all_at_once(observer: Observer, urls: list[str], token: str, expected: bytes) -> None:
    transport = httpx.AsyncHTTPTransport(socket_options=SMALL_BUFFER, limits=httpx.Limits(max_connections=REQUESTS))
    async with httpx.AsyncClient(timeout=120, transport=transport) as client:
        await asyncio.gather(*(observer.download(client, url, token, expected) for url in urls))


@pytest.mark.parametrize("servers", [1, 2])
def test_exactly_the_quota_is_granted_and_never_more_at_once_than_the_rate(tmp_path: Path, servers: int) -> None:
    installation = Installation(tmp_path)
    checksum, data = installation.add_file(SIZE)
    installation.set_limits(max_quota=50, rate_limit=3)
    token, observer = installation.token(), Observer()

    with ExitStack() as stack:
        running = [stack.enter_context(installation.serving(slot_wait_seconds=30)) for _ in range(servers)]
        urls = [f"{running[i % servers].url}/files/{checksum}/download" for i in range(REQUESTS)]
        asyncio.run(all_at_once(observer, urls, token, data))
        counted = quota(running[0], token)

    assert observer.granted == 50
    assert observer.refused_for_quota == REQUESTS - 50
    assert observer.most <= 3
    assert counted == {
        "email": ALICE, "maxQuota": 50, "rateLimit": 3, "currentQuota": 50, "currentRate": 0,
    }  # fmt: skip
