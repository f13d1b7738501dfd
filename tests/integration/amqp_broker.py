"""A plain AMQP client for tests: it knows the wire, and nothing of our code but the prefix of names."""

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
import attrs
import pytest
from amqp.exceptions import NotFound

AMQP_VARIABLE = "RS_DOWNLOADER_TEST_AMQP_URL"
AMQP_MARKS = (
    pytest.mark.amqp,
    pytest.mark.skipif(AMQP_VARIABLE not in os.environ, reason=f"set {AMQP_VARIABLE} to an AMQP URL to run this"),
)

PATIENCE = 20.0
"""Seconds after which something that must happen is taken not to."""


@attrs.define(eq=False)
class PlainClient:
    """Publishes and reads with py-amqp alone."""

    url: str
    vhost: str
    prefix: str
    connection: Any = None
    channel: Any = None

    def open(self) -> "PlainClient":
        where = urlsplit(self.url)
        self.connection = amqp.Connection(
            host=f"{where.hostname}:{where.port or 5672}",
            userid=unquote(where.username or "guest"),
            password=unquote(where.password or "guest"),
            virtual_host=self.vhost,
            confirm_publish=True,
        )
        self.connection.connect()
        self.channel = self.connection.channel()
        return self

    def publish(
        self,
        exchange: str,
        body: bytes | Mapping[str, object],
        *,
        tenant: str | None = "demo",
        headers: Mapping[str, object] | None = None,
        routing_key: str = "",
        **properties: Any,
    ) -> None:
        """Publish as upstream does."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = {} if tenant is None else {"regards.tenant": tenant}
        message = amqp.Message(
            data,
            application_headers={**own, **(headers or {})},
            **{
                "content_type": "application/json",
                "content_encoding": "UTF-8",
                "delivery_mode": 2,
                "priority": 1,
                "timestamp": int(time.time()),
                "app_id": "REGARDS",
                **properties,
            },
        )
        self.channel.basic_publish(message, exchange=self.prefix + exchange, routing_key=routing_key)

    def listen(self, exchange: str, kind: str = "fanout", routing_key: str = "") -> str:
        """Bind a queue of one's own to an exchange."""
        self.channel.exchange_declare(self.prefix + exchange, kind, durable=True, auto_delete=False)
        queue, _, _ = self.channel.queue_declare("", exclusive=True)
        self.channel.queue_bind(queue, self.prefix + exchange, routing_key)
        return queue

    def get(self, queue: str, *, patience: float = PATIENCE) -> Any:
        """The next message of a queue, acknowledged."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            message = self.channel.basic_get(queue, no_ack=True)
            if message is not None:
                return message
            time.sleep(0.02)
        raise AssertionError(f"No message came to {queue}.")

    def depth(self, queue: str) -> int:
        """Messages that are ready in a queue; -1 when there is none of this name."""
        try:
            return self.channel.queue_declare(self.prefix + queue, passive=True).message_count
        except NotFound:
            self.channel = self.connection.channel()
            return -1

    def delete(self, *, queues: list[str], exchanges: list[str]) -> None:
        for name in queues:
            with suppress(NotFound):
                self.channel.queue_delete(name)
        for name in exchanges:
            with suppress(NotFound):
                self.channel.exchange_delete(name)

    def close(self) -> None:
        self.connection.close()


def fresh_prefix() -> str:
    return f"test-{secrets.token_hex(4)}."


@contextmanager
def plain_client(url: str, prefix: str, vhost: str = "/") -> Iterator[PlainClient]:
    """A connected client; everything that our topology makes under the prefix is deleted afterwards."""
    client = PlainClient(url, vhost, prefix).open()
    try:
        yield client
    finally:
        if not client.connection.connected:
            client.open()
        client.delete(**everything(prefix))
        client.close()


def everything(prefix: str) -> dict[str, list[str]]:
    """Names of the queues and exchanges that there may be under a prefix."""
    from adapters.amqp.topology import SUBSCRIPTIONS, Topology

    topology = Topology(prefix)
    queues = [topology.queue(subscription) for subscription in SUBSCRIPTIONS]
    delays = [topology.delay_queue(queue.name, seconds).name for queue in queues for seconds in (0.1, 0.3)]
    exchanges = [queue.exchange.name for queue in queues] + [exchange.name for exchange in topology.outgoing()]
    return {
        "queues": [*(queue.name for queue in queues), *delays, topology.dead_letter_key],
        "exchanges": [*exchanges, topology.dead_letter_exchange().name],
    }
