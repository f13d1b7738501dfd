"""Messages from end to end: real processes, a broker of their own, and a plain client in upstream's place."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from domain.events import FileAvailabilityKnown, QuotaUsed
from tests.contract.sql_databases import EITHER, database
from tests.e2e.private_rabbitmq import VHOSTS, PrivateRabbitMQ, private_rabbitmq
from tests.e2e.real_service import ALICE, COMMAND, TENANT, Installation, free_port, until
from tests.integration.amqp_broker import AMQP_MARKS, PlainClient

pytestmark = list(AMQP_MARKS)

TENANTS, INSTANCE = VHOSTS
BROADCAST = "regards.broadcast."
USER = f"{BROADCAST}fr.cnes.regards.modules.accessrights.domain.projects.events.ProjectUserEvent"
FILES = f"{BROADCAST}fr.cnes.regards.modules.filecatalog.amqp.output.FileReferenceEvent"
RESTORE = f"{BROADCAST}fr.cnes.regards.modules.filecatalog.amqp.input.FilesRestorationRequestEvent"
QUOTA = f"{BROADCAST}fr.cnes.regards.modules.filecatalog.amqp.input.QuotaUpdateEvent"
NOTIFICATION = f"{BROADCAST}fr.cnes.regards.framework.amqp.event.notification.NotificationEvent"
CREATED = f"{BROADCAST}fr.cnes.regards.framework.amqp.event.tenant.TenantCreatedEvent"
DELETED = f"{BROADCAST}fr.cnes.regards.framework.amqp.event.tenant.TenantDeletedEvent"
RESTORE_QUEUE = f"{BROADCAST}rs-downloader.FilesRestorationRequestEventHandler"


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateRabbitMQ]:
    with private_rabbitmq() as broker:
        yield broker


@pytest.fixture
def client(broker) -> Iterator[PlainClient]:
    client = PlainClient(broker.url, TENANTS, "").open()
    yield client
    client.close()


@pytest.fixture
def installation(tmp_path, broker) -> Installation:
    return Installation(tmp_path, amqp_url=broker.url, relay_seconds=0.1, report_seconds=0.2, sweep_seconds=0.5)


@contextmanager
def running(installation: Installation, command: str, **settings: object) -> Iterator[subprocess.Popen]:
    """``rs-downloader consume`` or ``work`` in a process of its own; it must end in order if it still runs."""
    log = Path(installation.folder) / f"{command}-{time.monotonic_ns()}.log"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    own = installation._own | {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("w") as output:
        process = subprocess.Popen([COMMAND, command], env={**plain, **own}, stdout=output, stderr=output)
    word = {"consume": '"consuming"', "work": '"working"'}[command]
    try:
        until(lambda: word in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        killed = process.poll() is not None
        if not killed:
            process.terminate()
        code = process.wait(timeout=60)
    assert killed or code == 0, log.read_text()


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def accounts(installation: Installation) -> set[str]:
    return {email for (email,) in installation.query("SELECT email FROM account")}


@pytest.mark.parametrize("converter", ["JACKSON", "GSON"])
def test_a_user_deleted_elsewhere_is_forgotten_here(installation, client, converter):
    installation.set_limits(max_quota=5, user=ALICE)
    installation.set_limits(max_quota=5, user="bob@example.org")
    with running(installation, "consume"):
        client.publish(
            USER,
            {"email": ALICE, "action": "DELETE"},
            headers={"regards.converter": converter, "__TypeId__": USER.removeprefix(BROADCAST)},
        )
        client.publish(USER, {"email": "bob@example.org", "action": "UPDATE"}, headers={"regards.converter": converter})
        until(lambda: accounts(installation) == {"bob@example.org"})


def test_the_same_message_twice_has_its_effect_once(installation, client):
    """The second one finds the user's new limits, and must leave them alone."""

    def publish(message_id: str, email: str = ALICE) -> None:
        deletion = {"email": email, "action": "DELETE"}
        client.publish(USER, deletion, headers={"regards.converter": "JACKSON"}, message_id=message_id)

    with running(installation, "consume"):
        installation.set_limits(max_quota=5)
        publish("m1")
        until(lambda: accounts(installation) == set())
        installation.set_limits(max_quota=6)
        publish("m1")
        # One that comes after it tells when it was handled: the queue is in order.
        publish("m2", "bob@example.org")
        until(lambda: len(installation.query("SELECT * FROM inbox")) == 2)
        assert accounts(installation) == {ALICE}
        publish("m3")
        until(lambda: accounts(installation) == set())
    assert client.depth("regards.DLQ") <= 0


def test_a_tenant_that_is_not_served_is_put_aside_with_the_reason(installation, client):
    with running(installation, "consume"):
        client.publish(USER, {"email": ALICE, "action": "DELETE"}, tenant="unknown")
        dead = client.get("regards.DLQ")

    assert dead.headers["x-exception-message"] == "NotFound: The tenant 'unknown' is not served."
    assert dead.headers["regards.tenant"] == "unknown"


def test_a_reordered_pair_ends_as_the_one_says_that_was_sent_last(installation, client):
    """A file's end may overtake its beginning, in the same second too; a beginning that was sent later counts."""
    _, data = installation.add_file(1000)
    location = {"storage": "disk", "url": installation.path("disk").as_uri(), "pendingActionRemaining": False}
    about = {
        "checksum": "c9", "algorithm": "MD5", "fileName": "late.dat", "fileSize": len(data), "type": "RAWDATA",
        "mimeType": "application/octet-stream",
    }  # fmt: skip
    stored = {"checksum": "c9", "type": "STORED", "location": location, "metaInfo": about}
    deleted = {"checksum": "c9", "type": "FULLY_DELETED", "location": location}

    sent_at = int(time.time()) - 60

    def publish(body: dict[str, object], message_id: str, seconds: int) -> None:
        converter = {"regards.converter": "GSON"}
        client.publish(FILES, body, headers=converter, message_id=message_id, timestamp=sent_at + seconds)

    def handled(count: int) -> bool:
        return len(installation.query("SELECT * FROM inbox")) == count

    def copies() -> list[tuple[object, ...]]:
        return installation.query("SELECT storage FROM file_location WHERE checksum = 'c9'")

    with running(installation, "consume"):
        until(lambda: client.depth(f"{BROADCAST}rs-downloader.FileReferenceEventHandler") == 0)
        publish(deleted, "late", 0)
        publish(stored, "early", 0)
        publish(stored, "earlier", -5)
        until(lambda: handled(3))
        assert copies() == []
        publish(stored, "came back", 2)
        publish(deleted, "delayed", 1)
        until(lambda: handled(5))
        assert copies() == [("disk",)]
        publish(deleted, "gone", 3)
        until(lambda: handled(6))
        assert copies() == []
    assert client.depth("regards.DLQ") <= 0


def test_tenants_come_and_go_over_the_instances_virtual_host(installation, broker):
    client = PlainClient(broker.url, INSTANCE, "").open()
    with running(installation, "consume"):
        until(lambda: client.depth(f"{BROADCAST}rs-downloader.TenantCreatedEventHandler") == 0)
        client.publish(CREATED, {"tenant": "fresh"}, tenant=None)
        until(lambda: ("fresh",) in installation.query("SELECT name FROM tenant"))
        client.publish(DELETED, {"tenant": "fresh"}, tenant=None)
        until(lambda: ("fresh",) not in installation.query("SELECT name FROM tenant"))
    client.close()


def test_used_quotas_are_told_in_upstreams_form_and_only_when_they_change(installation, client):
    queue = client.listen(QUOTA)
    checksum, data = installation.add_file(1000)
    with installation.serving() as server, running(installation, "work"):
        headers = {"Authorization": f"Bearer {installation.token()}"}
        assert httpx.get(f"{server.url}/files/{checksum}/download", headers=headers).content == data
        first = client.get(queue)
        assert httpx.get(f"{server.url}/files/{checksum}/download", headers=headers).content == data
        second = client.get(queue)
    assert client.depth(queue) == 0

    body = first.body if isinstance(first.body, bytes) else first.body.encode()
    assert body == b'{"currentQuotaByEmail":{"alice@example.org":1}}'
    assert json.loads(second.body) == {"currentQuotaByEmail": {ALICE: 2}}
    assert first.headers == {
        "regards.tenant": TENANT,
        "regards.converter": "JACKSON",
        "__TypeId__": "fr.cnes.regards.modules.filecatalog.amqp.input.QuotaUpdateEvent",
    }
    properties = first.properties
    assert properties["content_type"] == "application/json"
    assert properties["content_encoding"] == "UTF-8"
    assert properties["priority"] == 1
    assert properties["delivery_mode"] == 2
    assert properties["app_id"] == "REGARDS"
    assert isinstance(properties["timestamp"], int)


def test_upkeep_of_servers_is_visible_like_that_of_workers(tmp_path):
    installation = Installation(tmp_path, sweep_seconds=0.1, restoration_seconds=0.1)

    def found() -> dict[str, dict[str, object]]:
        return {job["name"]: job for job in json.loads(command(installation, "jobs", "--json").stdout)}

    with installation.serving():
        upkeep = {"sweep", "forget instances", "finish removals", "restorations", "restored copies"}
        until(lambda: found().keys() == upkeep)
        until(lambda: all(job["lastSuccessAt"] for job in found().values()))
        assert [job["lastError"] for job in found().values()] == [None] * 5


def test_refused_downloads_are_told_to_their_user_in_upstreams_words(installation, client):
    queue = client.listen(NOTIFICATION)
    checksum, _ = installation.add_file(1000)
    installation.set_limits(max_quota=0)
    with installation.serving(report_seconds=30) as server:
        headers = {"Authorization": f"Bearer {installation.token()}"}
        for _ in range(5):
            assert httpx.get(f"{server.url}/files/{checksum}/download", headers=headers).status_code == 429
        # What the last seconds held is stored when the server ends.
        server.stop()
    with running(installation, "work"):
        message = client.get(queue)

    line = "Could not download file file.dat: download quota exceeded.\n"
    assert message.headers["regards.converter"] == "GSON"
    assert json.loads(message.body) == {
        "notification": {
            "message": 3 * line + "... and 2 more download errors.",
            "title": "Download quota errors",
            "level": "INFO",
            "mimeType": "text/plain",
            "sender": "rs-downloader",
            "projectUserRecipients": [ALICE],
            "roleRecipients": [],
        }
    }


@pytest.fixture(params=EITHER)
def on_either(request, tmp_path, broker) -> Iterator[Installation]:
    """An installation on SQLite, and one on PostgreSQL."""
    with database(request.param, migrated=False) as url:
        yield Installation(tmp_path, amqp_url=broker.url, database_url=url)


def test_a_consumer_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(on_either, client):
    installation = on_either
    with running(installation, "consume"):
        pass
    wanted = {f"c{number}" for number in range(600)}
    for number, checksum in enumerate(sorted(wanted)):
        identity = {"message_id": f"m{number}"} if number % 2 else {}
        client.publish(RESTORE, {"groupId": f"g{number}", "checksums": [checksum], "availabilityHours": 1}, **identity)

    def answered() -> int:
        ((count,),) = installation.query("SELECT count(*) FROM outbox WHERE type = 'FileAvailabilityKnown'")
        return count

    for goal in (40, 150, 300):
        with running(installation, "consume") as process:
            until(lambda goal=goal: answered() >= goal)
            kill(process)
    with running(installation, "consume"):
        until(lambda: client.depth(RESTORE_QUEUE) == 0 and answered() >= len(wanted))

    known = installation.query("SELECT payload FROM outbox WHERE type = 'FileAvailabilityKnown'")
    payloads = [row[0] for row in known]
    answers = [(json.loads(found) if isinstance(found, str) else found)["checksum"] for found in payloads]
    assert len(answers) == len(wanted)
    assert set(answers) == wanted


def test_every_event_arrives_in_order_whatever_dies(installation, broker, client):
    client.channel.queue_declare("told", durable=True, auto_delete=False)
    client.channel.exchange_declare(QUOTA, "fanout", durable=True, auto_delete=False)
    client.channel.queue_bind("told", QUOTA)
    count = 5000

    async def tell(use_cases) -> None:
        async with use_cases.add_tenant().unit_of_work() as work:
            for number in range(count):
                await work.outbox.add(
                    QuotaUsed(tenant=TENANT, units_by_email={"a": number}, occurred_at=datetime.now(UTC))
                )
            await work.commit()

    installation.use(tell)

    def published() -> int:
        ((done,),) = installation.query("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL")
        return done

    with running(installation, "work") as process:
        until(lambda: published() >= 200)
        kill(process)
    with running(installation, "work"), running(installation, "work"):
        # The dead relay's claim runs out by itself.
        until(lambda: published() >= 700)
        broker.close_connections()
        until(lambda: published() >= 1500)
        broker.stop()
        broker.start()
        until(lambda: published() == count)

    client.connection.collect()
    client.open()
    numbers: dict[str, int] = {}
    while (message := client.channel.basic_get("told", no_ack=True)) is not None:
        numbers.setdefault(message.properties["message_id"], json.loads(message.body)["currentQuotaByEmail"]["a"])
    assert list(numbers.values()) == list(range(count))


def test_worker_and_consumer_tell_their_health_and_their_numbers(installation, broker, client):
    ports = {"work": free_port(), "consume": free_port()}

    def read(command: str, path: str) -> str:
        return httpx.get(f"http://127.0.0.1:{ports[command]}{path}", timeout=30).text

    with ExitStack() as stack:
        for name, port in ports.items():
            stack.enter_context(running(installation, name, management_port=port))
        client.publish(USER, {"email": ALICE, "action": "DELETE"}, headers={"regards.converter": "JACKSON"})
        client.publish(USER, b"{", headers={"regards.converter": "JACKSON"})
        until(lambda: 'rs_downloader_messages_total{outcome="done"} 1.0' in read("consume", "/metrics"))
        until(lambda: 'rs_downloader_messages_total{outcome="dead"} 1.0' in read("consume", "/metrics"))
        until(lambda: 'rs_downloader_job_runs_total{job="relay",outcome="done"}' in read("work", "/metrics"))
        assert 'rs_downloader_consumer_connected{messages_of="instance"} 1.0' in read("consume", "/metrics")
        assert "rs_downloader_outbox_waiting 0.0" in read("work", "/metrics")
        well = [json.loads(read(command, "/health/ready")) for command in ports]
        broker.stop()
        try:
            until(lambda: 'consumer_connected{messages_of="tenants"} 0.0' in read("consume", "/metrics"))
            ill = [json.loads(read(command, "/health/ready")) for command in ports]
        finally:
            broker.start()
        until(lambda: 'consumer_connected{messages_of="tenants"} 1.0' in read("consume", "/metrics"))
    client.connection.collect()
    client.open()
    client.get("regards.DLQ")

    assert [found["checks"]["broker"].get("problem") for found in well] == [None, None]
    assert all(found["checks"]["broker"]["problem"] for found in ill)


def test_downloads_and_their_events_do_not_need_the_broker(tmp_path):
    installation = Installation(tmp_path, amqp_url="amqp://guest:guest@127.0.0.1:1//", report_seconds=0.2)

    async def tell(use_cases) -> None:
        async with use_cases.add_tenant().unit_of_work() as work:
            await work.outbox.add(
                FileAvailabilityKnown(tenant=TENANT, checksum="c", is_available=True, occurred_at=datetime.now(UTC))
            )
            await work.commit()

    installation.use(tell)
    done = command(installation, "work", "--once")
    assert done.returncode == 1
    assert "relay: The broker does not answer" in done.stderr

    (relay,) = [job for job in json.loads(command(installation, "jobs", "--json").stdout) if job["name"] == "relay"]
    assert relay["waiting"] == 1
    assert relay["lagSeconds"] > 0
    assert relay["lastError"].startswith("BrokerUnavailable")


def command(installation: Installation, *arguments: str) -> subprocess.CompletedProcess:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    return subprocess.run(
        [COMMAND, *arguments], env={**plain, **installation._own}, capture_output=True, text=True, check=False
    )
