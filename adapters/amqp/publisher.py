"""Publishing with confirmations: one thread owns the connection."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from amqp.exceptions import AMQPError, ContentTooLarge, MessageNacked, PreconditionFailed
from kombu import Connection, Producer
from kombu.exceptions import KombuError

from adapters.amqp.connecting import CONFIRM_SECONDS, connection
from adapters.amqp.outgoing import OutgoingMessage, outgoing
from adapters.amqp.topology import Topology
from application.errors import BrokerUnavailable, MessageRefused
from application.ports.messages import MessagePublisher
from application.ports.unit_of_work import StoredEvent


class _Unacceptable(Exception):
    """The broker closed the channel because of this very message."""


class AMQPPublisher(MessagePublisher):
    """Connects at the first message, and again after every failure.

    Without heartbeats: nothing listens between two messages, and a dead connection shows at the next one.
    """

    def __init__(self, url: str, *, vhost: str | None, topology: Topology) -> None:
        self._url = url
        self._vhost = vhost
        self._topology = topology
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="amqp-publisher")
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    async def publish(self, event: StoredEvent) -> bool:
        """Publish and wait for the confirmation. Raises ``BrokerUnavailable`` and ``MessageRefused``."""
        try:
            message = outgoing(event, self._topology)
        except (KeyError, TypeError, ValueError) as error:
            raise MessageRefused(f"The event cannot be written as a message: {error!r}") from error
        if message is None:
            return False
        await asyncio.get_running_loop().run_in_executor(self._thread, self._publish, message)
        return True

    async def aclose(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _publish(self, message: OutgoingMessage) -> None:
        was_connected = self._producer is not None
        try:
            producer = self._producer or self._connected()
            self._send(producer, message)
        except MessageNacked as error:
            raise BrokerUnavailable("The broker did not take the message now.") from error
        except _Unacceptable as error:
            self._disconnect()
            raise MessageRefused(f"The broker refuses the message: {error.__cause__}") from error
        except (AMQPError, KombuError, OSError) as error:
            self._disconnect()
            if not was_connected:
                raise BrokerUnavailable(f"The broker does not answer: {type(error).__name__}: {error}") from error
            # The connection may have died long ago; a fresh one tells whether the broker has.
            self._publish(message)

    def _send(self, producer: Producer, message: OutgoingMessage) -> None:
        try:
            producer.publish(
                message.body,
                exchange=message.exchange,
                routing_key=message.routing_key,
                headers=dict(message.headers),
                confirm_timeout=CONFIRM_SECONDS,
                retry=False,
                **message.properties,
            )
        except (ContentTooLarge, PreconditionFailed) as error:
            raise _Unacceptable from error

    def _connected(self) -> Producer:
        self._connection = connection(self._url, self._vhost, heartbeat=0)
        channel = self._connection.channel()
        for exchange in self._topology.outgoing():
            exchange(channel).declare()
        self._producer = Producer(channel)
        return self._producer

    def _disconnect(self) -> None:
        abandoned, self._connection, self._producer = self._connection, None, None
        if abandoned is not None:
            abandoned.collect()
