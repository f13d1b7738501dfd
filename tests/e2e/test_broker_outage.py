"""A broker that is away under load: downloads do not notice, events wait, and then arrive once and in order."""

import json
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.access import Caller, Role
from entrypoints.containers import CLIContainer
from tests.contract.sql_databases import POSTGRES_MARKS, postgres_database
from tests.e2e.private_rabbitmq import VHOSTS, PrivateRabbitMQ, private_rabbitmq
from tests.e2e.real_service import Installation, Server, until
from tests.e2e.test_messages import QUOTA, running
from tests.integration.amqp_broker import AMQP_MARKS, PlainClient

pytestmark = [*AMQP_MARKS, *POSTGRES_MARKS]

OUTAGE_VARIABLE = "RS_DOWNLOADER_TEST_BROKER_OUTAGE_SECONDS"
OUTAGE_SECONDS = float(os.environ.get(OUTAGE_VARIABLE, "6"))
BEFORE_SECONDS = 4.0

TENANTS = ("demo", "other")
USERS = ("alice@example.org", "bob@example.org", "carol@example.org")
BODY = b"x" * 65536
CHECKSUM = "c1"


@pytest.fixture
def broker() -> Iterator[PrivateRabbitMQ]:
    with private_rabbitmq() as broker:
        yield broker


@pytest.fixture
def installation(tmp_path, broker) -> Iterator[Installation]:
    with postgres_database(migrated=False) as url:
        installation = Installation(
            tmp_path, amqp_url=broker.url, database_url=url, relay_seconds=0.1, report_seconds=0.2, sweep_seconds=0.5
        )
        (tmp_path / "disk").mkdir()
        (tmp_path / "disk" / "file.dat").write_bytes(BODY)
        installation.use(lambda use_cases: _populate(use_cases, tmp_path / "disk"))
        yield installation


async def _populate(use_cases: Any, folder: Path) -> None:
    """The same file for both tenants; the first one is there already."""
    await use_cases.add_tenant().execute(TENANTS[1])
    for tenant in TENANTS:
        await use_cases.add_storage().execute(
            StorageRequest(tenant=tenant, name="disk", plugin_id="Local", parameters={"Storage_URL": str(folder)})
        )
        new = NewFile(
            checksum=CHECKSUM,
            algorithm="MD5",
            file_name="file.dat",
            size_bytes=len(BODY),
            media_type="application/octet-stream",
            data_type="RAWDATA",
            storage="disk",
            url=(folder / "file.dat").as_uri(),
        )
        result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=tenant, files=(new,)))
        assert isinstance(result, Registered), result


@attrs.define(eq=False)
class Load:
    """Several users who download the whole time, each in a thread; what went wrong, and how long each one took."""

    server: Server
    tokens: list[str]
    durations: list[tuple[float, float]] = attrs.field(factory=list)
    failures: list[str] = attrs.field(factory=list)
    _ended: threading.Event = attrs.field(factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        threads = [threading.Thread(target=self._download, args=(token,)) for token in self.tokens]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def between(self, start: float, end: float) -> list[float]:
        """Durations of the downloads that began then."""
        return [duration for began, duration in self.durations if start <= began < end]

    def _download(self, token: str) -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
            while not self._ended.wait(0.05):
                began = time.monotonic()
                try:
                    answer = client.get(f"{self.server.url}/files/{CHECKSUM}/download")
                    if answer.status_code != 200 or answer.content != BODY:
                        self.failures.append(f"{answer.status_code} {answer.text[:200]}")
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                self.durations.append((began, time.monotonic() - began))


def test_downloads_do_not_notice_and_every_event_arrives_once_and_in_order(installation, broker):
    keep = PlainClient(broker.url, VHOSTS[0], "").open()
    keep.channel.queue_declare("told", durable=True, auto_delete=False)
    keep.channel.exchange_declare(QUOTA, "fanout", durable=True, auto_delete=False)
    keep.channel.queue_bind("told", QUOTA)
    keep.close()
    jwt = CLIContainer(settings=installation._settings).adapters.tokens()
    tokens = [
        jwt.issue(Caller(tenant, user, Role.PROJECT_ADMIN), timedelta(hours=1)) for tenant in TENANTS for user in USERS
    ]

    def waiting() -> int:
        ((count,),) = installation.query("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return count

    with installation.serving() as server, running(installation, "work"):
        with Load(server, tokens).running() as load:
            began = time.monotonic()
            until(lambda: time.monotonic() > began + BEFORE_SECONDS)
            broker.stop()
            stopped = time.monotonic()
            grown = [waiting()]
            for part in (0.5, 1.0):
                until(lambda part=part: time.monotonic() > stopped + part * OUTAGE_SECONDS, 10 + OUTAGE_SECONDS)
                grown.append(waiting())
            health = httpx.get(f"{server.url}/health/ready")
            ended = time.monotonic()
            broker.start()
            until(lambda: time.monotonic() > ended + 2)
        until(lambda: waiting() == 0, 60)
        caught_up = time.monotonic()

    before, during = load.between(began, stopped), load.between(stopped, ended)
    assert load.failures == []
    assert grown == sorted(set(grown))
    assert health.status_code == 200
    assert health.json()["checks"]["broker"]["problem"]

    received = _received(broker)
    once = dict(reversed(received))
    in_order = [once[message_id] for message_id in dict.fromkeys(message_id for message_id, _ in received)]
    stored = installation.query("SELECT tenant, payload FROM outbox WHERE type = 'QuotaUsed' ORDER BY id")
    for tenant in TENANTS:
        expected = [payload["units_by_email"] for owner, payload in stored if owner == tenant]
        assert [units for owner, units in in_order if owner == tenant] == expected
        assert len(expected) > 10
    numbers = (
        f"broker stopped for {ended - stopped:.1f} s: {len(load.durations)} downloads of {len(tokens)} users,"
        f" {len(during)} of them meanwhile, {len(load.failures)} failed;"
        f" median {1000 * statistics.median(before):.1f} ms before, {1000 * statistics.median(during):.1f} meanwhile;"
        f" outbox waiting {' -> '.join(map(str, grown))} -> 0, {caught_up - ended:.1f} s after the start of the broker;"
        f" {len(received)} messages for {len(stored)} events, {len(received) - len(once)} of them twice"
    )
    print(numbers)  # noqa: T201 - read with -s or -rP


def _received(broker: PrivateRabbitMQ) -> list[tuple[str, tuple[str, dict[str, int]]]]:
    """What a plain client finds in its queue: ids, tenants and units."""
    client = PlainClient(broker.url, VHOSTS[0], "").open()
    found = []
    while (message := client.channel.basic_get("told", no_ack=True)) is not None:
        told = message.headers["regards.tenant"], json.loads(message.body)["currentQuotaByEmail"]
        found.append((message.properties["message_id"], told))
    client.close()
    return found
