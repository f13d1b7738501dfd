"""Publishing with confirmations: one thread owns the connection."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
from amqp.exceptions import AMQPError, ContentTooLarge, PreconditionFailed
from kombu import Connection, Producer
from kombu.exceptions import KombuError

from adapters.amqp.connecting import CONFIRM_SECONDS, connection
from adapters.amqp.outgoing import OutgoingMessage, outgoing
from adapters.amqp.topology import Topology
from application.errors import BrokerUnavailable
from application.ports.messages import MessagePublisher, Published
from application.ports.unit_of_work import StoredEvent

Numbered = tuple[int, OutgoingMessage]
"""A message with the id of its event."""


class AMQPPublisher(MessagePublisher):
    """Connects at the first message, and again after every failure.

    Without heartbeats: nothing listens between two messages, and a dead connection shows at the next one.
    """

    def __init__(self, url: str, *, vhost: str, topology: Topology) -> None:
        self._url = url
        self._vhost = vhost
        self._topology = topology
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="amqp-publisher")
        self._line: _Line | None = None

    async def publish(self, events: Sequence[StoredEvent]) -> Published:
        """Publish in order, and wait for the confirmations of all together."""
        silent: list[int] = []
        messages: list[Numbered] = []
        refused: dict[int, str] = {}
        for event in events:
            try:
                message = outgoing(event, self._topology)
            except (KeyError, TypeError, ValueError) as error:
                refused[event.id] = f"It cannot be written as a message: {error!r}"
                continue
            if message is None:
                silent.append(event.id)
            else:
                messages.append((event.id, message))
        confirmed: set[int] = set()
        failure: BrokerUnavailable | None = None
        if messages:
            failure = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._publish, messages, confirmed, refused
            )
        done = [event.id for event in events if event.id in confirmed or event.id in silent]
        return Published(done=tuple(done), told=len(confirmed), refused=refused, failure=failure)

    async def aclose(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _publish(
        self, messages: Sequence[Numbered], confirmed: set[int], refused: dict[int, str]
    ) -> BrokerUnavailable | None:
        """Fill in what was confirmed and refused; a failure is returned, because the rest counts all the same."""
        was_connected = self._line is not None
        left = list(messages)
        at_once = len(left)
        while left:
            part = left[:at_once]
            try:
                self._connected().send(part, confirmed)
            except (ContentTooLarge, PreconditionFailed) as error:
                # The broker closes the channel and does not say because of which message: one by one tells.
                self._disconnect()
                if at_once == 1:
                    refused[part[0][0]] = f"The broker refuses the message: {error}"
                at_once = 1
            except (AMQPError, KombuError, OSError) as error:
                self._disconnect()
                if not was_connected:
                    return BrokerUnavailable(f"The broker does not answer: {type(error).__name__}: {error}")
                # The connection may have died long ago; a fresh one tells whether the broker has.
                was_connected = False
            left = [item for item in left if item[0] not in confirmed and item[0] not in refused]
        return None

    def _connected(self) -> "_Line":
        if self._line is None:
            opened = connection(self._url, self._vhost, heartbeat=0, confirm_each=False)
            try:
                self._line = _Line(opened, self._topology)
            except BaseException:
                opened.collect()
                raise
        return self._line

    def _disconnect(self) -> None:
        abandoned, self._line = self._line, None
        if abandoned is not None:
            abandoned.connection.collect()


class _Line:
    """A channel on which the broker confirms messages by their number."""

    def __init__(self, opened: Connection, topology: Topology) -> None:
        self.connection = opened
        channel = opened.channel()
        for exchange in topology.outgoing():
            exchange(channel).declare()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        self._producer = Producer(channel)
        self._sent = 0
        self._waiting: dict[int, int] = {}
        self._confirmed: set[int] = set()
        self._is_nacked = False

    def send(self, messages: Sequence[Numbered], confirmed: set[int]) -> None:
        """Send all, then wait until all are confirmed; what was is added to ``confirmed`` in any case."""
        self._confirmed = confirmed
        for event_id, message in messages:
            self._sent += 1
            self._waiting[self._sent] = event_id
            self._producer.publish(
                message.body,
                exchange=message.exchange,
                routing_key=message.routing_key,
                headers=dict(message.headers),
                retry=False,
                **message.properties,
            )
        patience = _Patience(CONFIRM_SECONDS)
        while self._waiting:
            before = len(self._waiting)
            self.connection.drain_events(timeout=patience.left)
            if self._is_nacked:
                raise ConnectionError("The broker did not take a message.")
            if len(self._waiting) < before:
                patience = _Patience(CONFIRM_SECONDS)

    def _on_ack(self, delivery_tag: int, multiple: Any) -> None:
        tags = [tag for tag in self._waiting if tag <= delivery_tag] if multiple else [delivery_tag]
        self._confirmed.update(self._waiting.pop(tag) for tag in tags if tag in self._waiting)

    def _on_nack(self, delivery_tag: int, multiple: Any) -> None:
        del delivery_tag, multiple
        self._is_nacked = True


@attrs.define
class _Patience:
    """Time that runs out."""

    seconds: float
    _until: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._until = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds, never quite 0, which would mean for ever."""
        return max(0.001, self._until - time.monotonic())
