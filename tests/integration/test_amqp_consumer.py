"""Consuming from a real broker: what a plain client publishes takes effect once, and what cannot is put aside."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from adapters.amqp.consumer import AMQPConsumer
from adapters.amqp.topology import SUBSCRIPTIONS, Topology
from application.errors import DatabaseUnavailable, StorageUnavailable
from application.ports.messages import (
    FileDeleted,
    FileStored,
    Received,
    RestorationRequested,
    StorageChanged,
    UserDeleted,
)
from tests.integration.amqp_broker import AMQP_MARKS, AMQP_VARIABLE, PATIENCE, PlainClient, fresh_prefix, plain_client

pytestmark = [pytest.mark.anyio, *AMQP_MARKS]

USER = "regards.broadcast.fr.cnes.regards.modules.accessrights.domain.projects.events.ProjectUserEvent"
USER_CLASS = USER.removeprefix("regards.broadcast.")
FILES = "regards.broadcast.fr.cnes.regards.modules.filecatalog.amqp.output.FileReferenceEvent"
RESTORE = "regards.broadcast.fr.cnes.regards.modules.filecatalog.amqp.input.FilesRestorationRequestEvent"
USER_QUEUE = (
    "regards.broadcast.rs-downloader.fr.cnes.regards.modules.storage.service.file.download.DownloadQuotaService"
)
DELETE_ALICE = {"email": "alice@example.org", "action": "DELETE"}
JACKSON = {"regards.converter": "JACKSON", "__TypeId__": USER_CLASS}
GSON = {"regards.converter": "GSON", "regards.type": USER_CLASS}


@attrs.define(eq=False)
class Handled:
    """Remembers what it was given; fails as told."""

    received: list[Received] = attrs.field(factory=list)
    failures: list[Exception] = attrs.field(factory=list)
    more: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def __call__(self, received: Received) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.received.append(received)
        self.more.set()

    async def become(self, count: int) -> list[Received]:
        async with asyncio.timeout(PATIENCE):
            while len(self.received) < count:
                self.more.clear()
                await self.more.wait()
        assert len(self.received) == count
        return self.received


@pytest.fixture
def client() -> Iterator[PlainClient]:
    with plain_client(os.environ[AMQP_VARIABLE], fresh_prefix()) as client:
        yield client


@pytest.fixture
def handled() -> Handled:
    return Handled()


@asynccontextmanager
async def consuming(
    client: PlainClient, handled: Handled, *exchanges: str, **settings: Any
) -> AsyncIterator[AMQPConsumer]:
    """A consumer of these exchanges, or of ``USER``: each more is a queue of 255 priorities, which the broker feels."""
    subscriptions = [
        one for one in SUBSCRIPTIONS if Topology().broadcast(one.event, is_own=one.is_own).name in (exchanges or {USER})
    ]
    assert len(subscriptions) == len(exchanges or {USER})
    consumer = AMQPConsumer(
        url=client.url,
        vhost=client.vhost,
        topology=Topology(client.prefix),
        subscriptions=tuple(subscriptions),
        handler=handled,
        **{"delays": (0.1, 0.3), **settings},
    )
    task = asyncio.create_task(consumer.run())
    while not consumer.is_connected:
        await asyncio.sleep(0.01)
        assert not task.done(), task
    try:
        yield consumer
    finally:
        consumer.stop()
        await asyncio.wait_for(task, PATIENCE)


def dead_letter(client: PlainClient):
    return client.get(f"{client.prefix}regards.DLQ")


@pytest.mark.parametrize("headers", [JACKSON, GSON, {"regards.type": USER_CLASS}], ids=["jackson", "gson", "old gson"])
async def test_a_message_in_upstreams_form_is_understood(client, handled, headers):
    async with consuming(client, handled):
        client.publish(USER, DELETE_ALICE, headers=headers)
        (received,) = await handled.become(1)

    assert received.tenant == "demo"
    assert received.fact == UserDeleted("alice@example.org")
    assert not received.is_id_certain
    assert client.depth(USER_QUEUE) == 0


async def test_messages_wait_for_a_consumer_and_come_in_order(client, handled):
    async with consuming(client, handled):
        pass
    for number in range(120):
        client.publish(USER, {"email": f"u{number}@x.org", "action": "DELETE"}, headers=JACKSON)

    async with consuming(client, handled, prefetch=7, batch=3):
        await handled.become(120)

    assert [item.fact.email for item in handled.received] == [f"u{number}@x.org" for number in range(120)]
    assert client.depth(USER_QUEUE) == 0


POISON = {
    "no json": (b"{", JACKSON, "demo", "JSON"),
    "not utf-8": (b'{"email":"\xff"}', JACKSON, "demo", "JSON"),
    "no object": (b"[1]", JACKSON, "demo", "object"),
    "deeply nested": (b"[" * 100_000, JACKSON, "demo", "JSON"),
    "no action": ({"email": "a"}, JACKSON, "demo", "action"),
    "a number for an e-mail": ({"email": 5, "action": "DELETE"}, JACKSON, "demo", "email"),
    "no tenant": (DELETE_ALICE, JACKSON, None, "regards.tenant"),
    "a NUL in a tenant": (DELETE_ALICE, JACKSON, "a\0b", "regards.tenant"),
    "half a character": ({"email": "\ud800", "action": "DELETE"}, JACKSON, "demo", "email"),
    "a number for a tenant": (DELETE_ALICE, JACKSON, 5, "regards.tenant"),
    "an unknown converter": (DELETE_ALICE, {"regards.converter": "XML"}, "demo", "XML"),
    "ten megabytes": (b'{"email":"' + b"a" * 10_000_000 + b'"}', JACKSON, "demo", "bytes"),
}


@pytest.mark.parametrize(("body", "headers", "tenant", "reason"), POISON.values(), ids=POISON.keys())
async def test_what_cannot_be_read_is_put_aside_with_the_reason_and_stops_nobody(
    client, handled, body, headers, tenant, reason
):
    async with consuming(client, handled):
        client.publish(USER, body, tenant=tenant, headers=headers)
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        await handled.become(1)
        dead = await asyncio.to_thread(dead_letter, client)

    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers_of_dead = dead.headers
    assert reason in headers_of_dead["x-exception-message"]
    assert headers_of_dead["x-death-queue"] == client.prefix + USER_QUEUE
    assert headers_of_dead["x-original-exchange"] == client.prefix + USER
    assert (dead.body if isinstance(dead.body, bytes) else dead.body.encode()) == sent
    assert client.depth("regards.DLQ") == 0


@pytest.mark.parametrize("encoding", ["klingon", "gzip", ""])
async def test_an_odd_encoding_stops_nobody(client, handled, encoding):
    async with consuming(client, handled):
        client.publish(USER, b"\xff\xfe\x00", headers=JACKSON, content_encoding=encoding, content_type="x/y")
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        await handled.become(1)
        await asyncio.to_thread(dead_letter, client)


async def test_a_passing_failure_is_tried_again_later_without_holding_up_others(client, handled):
    handled.failures = [StorageUnavailable("away"), StorageUnavailable("still away")]
    async with consuming(client, handled):
        client.publish(USER, {"email": "first@x.org", "action": "DELETE"}, headers=JACKSON, message_id="m1")
        client.publish(USER, {"email": "second@x.org", "action": "DELETE"}, headers=JACKSON, message_id="m2")
        await handled.become(2)

    assert {item.fact.email for item in handled.received} == {"first@x.org", "second@x.org"}
    assert all(item.is_id_certain for item in handled.received)
    assert client.depth("regards.DLQ") == 0


async def test_a_failure_that_does_not_pass_ends_with_the_dead_letters(client, handled):
    handled.failures = [StorageUnavailable("away")] * 3
    async with consuming(client, handled):
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        dead = await asyncio.to_thread(dead_letter, client)

    assert dead.headers["x-exception-message"] == "StorageUnavailable: away"
    assert dead.headers["x-retries"] == 2
    assert handled.received == []


async def test_a_database_that_is_away_is_waited_out(client, handled):
    handled.failures = [DatabaseUnavailable("away")] * 5
    async with consuming(client, handled, delays=(0.1,)):
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        (received,) = await handled.become(1)

    assert received.is_redelivered
    assert client.depth("regards.DLQ") == 0


async def test_a_bug_in_a_handler_stops_nobody(client, handled):
    handled.failures = [ZeroDivisionError("bug")]
    async with consuming(client, handled, delays=()):
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        await handled.become(1)
        dead = await asyncio.to_thread(dead_letter, client)

    assert dead.headers["x-exception-message"] == "ZeroDivisionError: bug"


async def test_a_connection_that_is_lost_is_made_again(client, handled):
    async with consuming(client, handled) as consumer:
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        await handled.become(1)
        # Somebody deletes the queue: the broker cancels the consumer, which must come back.
        client.channel.queue_delete(client.prefix + USER_QUEUE)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while client.depth(USER_QUEUE) < 0 or not consumer.is_connected:
            await asyncio.sleep(0.05)
            assert asyncio.get_running_loop().time() < deadline
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        await handled.become(2)


async def test_files_and_restorations_are_understood(client, handled):
    stored = {
        "checksum": "c1",
        "type": "STORED",
        "groupIds": ["g"],
        "location": {"storage": "disk", "url": "file:/data/c1", "pendingActionRemaining": False},
        "metaInfo": {
            "checksum": "c1",
            "algorithm": "MD5",
            "fileName": "é.tif",
            "fileSize": 2**40,
            "height": None,
            "mimeType": "image/tiff",
            "type": "RAWDATA",
        },
    }
    async with consuming(client, handled, FILES, RESTORE):
        client.publish(FILES, stored)
        client.publish(FILES, {"checksum": "c1", "type": "FULLY_DELETED", "location": {"storage": "disk"}})
        await handled.become(2)
        client.publish(RESTORE, {"checksums": ["a", "b", "a"], "groupId": "g"})
        await handled.become(3)

    assert [item.fact for item in handled.received] == [
        FileStored(
            checksum="c1",
            algorithm="MD5",
            file_name="é.tif",
            size_bytes=2**40,
            media_type="image/tiff",
            data_type="RAWDATA",
            storage="disk",
            url="file:/data/c1",
        ),
        FileDeleted(checksum="c1", storage="disk"),
        RestorationRequested(group_id="g", checksums=("a", "b"), available_hours=24),
    ]


PLUGINS = "fr.cnes.regards.framework.modules.plugins.domain.event"
CHANGED = {
    "a storage": (
        "regards.broadcast.fr.cnes.regards.modules.downloader.service.StoragePluginConfEvent",
        {"businessId": "disk"},
        StorageChanged("disk"),
    ),
    "a plugin": (
        f"regards.broadcast.rs-downloader.{PLUGINS}.BroadcastPluginConfEvent",
        {"action": "UPDATE", "label": "l", "pluginBusinnessId": "disk", "pluginConfId": 1, "pluginTypes": ["x"]},
        StorageChanged("disk"),
    ),
    "all plugins": (f"regards.broadcast.rs-downloader.{PLUGINS}.PluginConfClearCacheEvent", {}, StorageChanged(None)),
}


@pytest.mark.parametrize(("exchange", "body", "fact"), CHANGED.values(), ids=CHANGED.keys())
async def test_news_of_changed_storages_is_understood(client, handled, exchange, body, fact):
    async with consuming(client, handled, exchange):
        client.publish(exchange, body, headers={"regards.converter": "GSON"})
        (received,) = await handled.become(1)

    assert received.fact == fact
