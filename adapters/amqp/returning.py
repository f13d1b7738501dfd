"""Giving messages back to the broker: to wait for another attempt, or to the dead letters, with the reason."""

from collections.abc import Mapping
from typing import Any

from kombu import Producer

from adapters.amqp.connecting import CONFIRM_SECONDS
from adapters.amqp.dispositions import Dead, Later
from adapters.amqp.incoming import RETRIES_HEADER
from adapters.amqp.topology import Topology

LONGEST_REASON = 1000

REFUSED_PART = "/refused"
"""Added to the id of a message, for the part of it that was refused."""

_KEPT = ("priority", "timestamp", "app_id", "message_id", "correlation_id", "type")


class Returning:
    """Publishes on a channel of its own; the caller acknowledges the original after the confirmation."""

    def __init__(self, channel: Any, topology: Topology) -> None:
        self._channel = channel
        self._topology = topology
        self._producer = Producer(channel)
        self._delay_queues: dict[tuple[str, float], str] = {}

    def declare(self) -> None:
        """Make sure that nothing that is put aside can get lost."""
        self._topology.dead_letter_queue()(self._channel).declare()

    def later(self, message: Any, queue: str, disposition: Later, *, retries: int) -> None:
        """Bring it back to its queue after a while."""
        key = (queue, disposition.seconds)
        if key not in self._delay_queues:
            waiting = self._topology.delay_queue(queue, disposition.seconds)(self._channel)
            waiting.declare()
            self._delay_queues[key] = waiting.name
        self._publish(message, "", self._delay_queues[key], {RETRIES_HEADER: retries})

    def aside(self, message: Any, queue: str, disposition: Dead) -> None:
        """Put it with the dead letters. The headers are upstream's."""
        origin = message.delivery_info
        self._publish(
            message,
            self._topology.dead_letter_exchange().name,
            self._topology.dead_letter_key,
            {
                "x-death-queue": queue,
                "x-exception-message": _storable(disposition.reason[:LONGEST_REASON]),
                "x-original-exchange": origin.get("exchange") or "",
                "x-original-routingKey": origin.get("routing_key") or "",
            },
            disposition.body,
        )

    def _publish(
        self, message: Any, exchange: str, routing_key: str, headers: Mapping[str, object], body: bytes | None = None
    ) -> None:
        properties = {name: message.properties[name] for name in _KEPT if message.properties.get(name) is not None}
        if body is not None and "message_id" in properties:
            # The whole is known by its id as handled; the part, mended and published again, must not be.
            properties["message_id"] += REFUSED_PART
        self._producer.publish(
            message.body if body is None else body,
            exchange=exchange,
            routing_key=routing_key,
            headers={**(message.headers or {}), **headers},
            content_type=message.content_type or "application/octet-stream",
            content_encoding=message.content_encoding or "binary",
            delivery_mode=2,
            confirm_timeout=CONFIRM_SECONDS,
            mandatory=True,
            retry=False,
            **properties,
        )


def _storable(text: str) -> str:
    """The text with halves of characters written out: a message may hold them, a header may not."""
    return text.encode(errors="backslashreplace").decode()
