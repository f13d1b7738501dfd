"""Three instances behind nginx are restarted one after the other while everybody downloads: nobody notices."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.contract.sql_databases import on_postgres, postgres_database
from tests.e2e.nginx import needs_nginx, nginx
from tests.e2e.real_service import Installation

CLIENTS = 50
SIZE = 2 * 1024 * 1024
STEP = 128 * 1024
PAUSE_SECONDS = 0.2
"""A download takes some seconds, so that every restart meets running ones."""


class Audience:
    """Clients that download slowly, again and again, until they are told to stop after the one they are at."""

    def __init__(self, port: int, path: str, token: str, expected: bytes) -> None:
        self._port = port
        self._question = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._expected = expected
        self.is_enough = False
        self.running = 0
        self.ends: Counter[str] = Counter()

    async def client(self) -> None:
        """One of them."""
        while not self.is_enough:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=STEP)
            writer.write(self._question.encode())
            try:
                self.ends[await self._download(reader)] += 1
            finally:
                writer.close()

    async def _download(self, reader: asyncio.StreamReader) -> str:
        head = await reader.readuntil(b"\r\n\r\n")
        if (status := int(head.split()[1])) != 200:
            return f"{status}: {(await reader.read()).decode()}"
        self.running += 1
        received = bytearray()
        while chunk := await reader.read(STEP):
            received += chunk
            await asyncio.sleep(PAUSE_SECONDS)
        self.running -= 1
        return "complete" if received == self._expected else f"cut after {len(received)} bytes"


@on_postgres
@needs_nginx
@pytest.mark.anyio
async def test_no_download_fails_while_every_instance_is_restarted(tmp_path: Path) -> None:
    with postgres_database(migrated=False) as url:
        installation = await asyncio.to_thread(Installation, tmp_path, database_url=url)
        checksum, data = await asyncio.to_thread(installation.add_file, SIZE)
        with installation.several_serving(3) as servers, nginx(tmp_path / "nginx", [s.port for s in servers]) as port:
            audience = Audience(port, f"/files/{checksum}/download", installation.token(), data)
            clients = [asyncio.create_task(audience.client()) for _ in range(CLIENTS)]

            for position, server in enumerate(list(servers)):
                while audience.running < CLIENTS // 2:  # noqa: ASYNC110 - the clients come and go
                    await asyncio.sleep(0.05)
                await asyncio.to_thread(server.stop)
                servers[position] = installation.started(server.port)
                await asyncio.to_thread(servers[position].wait_until_ready)
            audience.is_enough = True
            await asyncio.gather(*clients)
            left = await asyncio.to_thread(installation.query, "SELECT * FROM transfer")
            counted = await asyncio.to_thread(installation.query, "SELECT units_used, active_downloads FROM account")

    assert set(audience.ends) == {"complete"}
    assert audience.ends["complete"] >= CLIENTS
    assert left == []
    assert counted == [(audience.ends["complete"], 0)]
