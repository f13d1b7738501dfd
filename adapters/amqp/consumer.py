"""Consuming: one thread owns the connection, the event loop does the work, the thread acknowledges."""

import asyncio
import os
import select
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import attrs
import structlog
from amqp.exceptions import AMQPError
from kombu import Connection, Consumer
from kombu.exceptions import KombuError

from adapters.amqp.connecting import connection
from adapters.amqp.dispositions import RETRY_DELAYS, Dead, Disposition, Done, Later, after
from adapters.amqp.incoming import Delivery, read, without_taken
from adapters.amqp.members import Unreadable
from adapters.amqp.returning import Returning
from adapters.amqp.topology import Subscription, Topology
from application.ports.messages import PartlyRefused, Received

HEARTBEAT_SECONDS = 10.0
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to connect, at most."""

_OUTCOMES: dict[type[Disposition], str] = {Done: "done", Later: "later", Dead: "dead"}

Handler = Callable[[Received], Awaitable[object]]

_log = structlog.get_logger("rs_downloader.consumer")


@attrs.frozen
class Pulled:
    """A message with what is needed to acknowledge it."""

    message: Any
    delivery: Delivery
    queue: str


@attrs.define(eq=False, kw_only=True)
class AMQPConsumer:
    """Takes messages of some subscriptions and hands them on, one after the other, in the order of their arrival.

    ``prefetch`` messages are held at most; up to ``batch`` of them are handled before any is acknowledged. A message
    counts as handled when the handler's transaction is committed: a crash before the acknowledgement brings it back.
    """

    url: str
    vhost: str
    topology: Topology
    subscriptions: Sequence[Subscription]
    handler: Handler
    prefetch: int = 200
    batch: int = 50
    delays: tuple[float, ...] = RETRY_DELAYS
    is_connected: bool = attrs.field(default=False, init=False)
    disposed: Counter[str] = attrs.field(factory=lambda: Counter(dict.fromkeys(_OUTCOMES.values(), 0)), init=False)
    """How many messages were done, come later, or were put aside."""
    _stopping: threading.Event = attrs.field(factory=threading.Event, init=False)
    _waiting: "deque[Pulled]" = attrs.field(factory=deque, init=False)
    _loop: asyncio.AbstractEventLoop | None = attrs.field(default=None, init=False)
    _wake: int | None = attrs.field(default=None, init=False)

    async def run(self) -> None:
        """Consume until ``stop``; reconnects by itself. Cancelling stops in order, too."""
        self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="amqp-consumer") as thread:
            work = self._loop.run_in_executor(thread, self._work)
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self.stop()
                await work
                raise

    def stop(self) -> None:
        """End after the batch that is being handled; what was not handled goes back to its queue."""
        self._stopping.set()
        self._wake_up()

    def _work(self) -> None:
        pause = 0.5
        while not self._stopping.is_set():
            try:
                self._consume()
            except (AMQPError, KombuError, OSError) as error:
                pause = 0.5 if self.is_connected else min(pause * 2, LONGEST_PAUSE)
                _log.warning("broker lost", error=f"{type(error).__name__}: {error}", retry_in=pause)
                self._stopping.wait(pause)
            finally:
                self.is_connected = False
                self._waiting.clear()

    def _consume(self) -> None:
        listening = connection(self.url, self.vhost, heartbeat=HEARTBEAT_SECONDS)
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        try:
            self._wake = writer
            returning = Returning(listening.channel(), self.topology)
            channel = listening.channel()
            channel.basic_qos(0, self.prefetch, False)
            returning.declare()
            for subscription in self.subscriptions:
                queue = self.topology.queue(subscription)(channel)
                queue.declare()
                Consumer(channel, [queue], on_message=self._receiver(subscription, queue.name)).consume()
            self.is_connected = True
            _log.info("consuming", queues=len(self.subscriptions))
            self._listen(listening, reader, returning)
        finally:
            self._wake = None
            os.close(reader)
            os.close(writer)
            listening.collect()

    def _listen(self, listening: Connection, reader: int, returning: Returning) -> None:
        at_work: Future[Sequence[Disposition]] | None = None
        taken: list[Pulled] = []
        while True:
            if at_work is not None and at_work.done():
                for pulled, disposition in zip(taken, at_work.result(), strict=True):
                    self._dispose(pulled, disposition, returning)
                at_work = None
            if at_work is None:
                if self._stopping.is_set():
                    return
                taken = [self._waiting.popleft() for _ in range(min(self.batch, len(self._waiting)))]
                if taken:
                    assert self._loop is not None, "run() was called"
                    at_work = asyncio.run_coroutine_threadsafe(self._handle_all(taken), self._loop)
                    at_work.add_done_callback(lambda _: self._wake_up())
            self._receive(listening, reader)

    def _receive(self, listening: Connection, reader: int) -> None:
        """Wait for something to happen, and take in what has arrived."""
        select.select([listening.connection.sock, reader], [], [], 1.0)
        with suppress(BlockingIOError):
            os.read(reader, 1024)
        with suppress(TimeoutError):
            while True:
                listening.drain_events(timeout=0.01)
        # Called at least every second, and more often than the library's rate needs.
        listening.heartbeat_check()

    def _receiver(self, subscription: Subscription, queue: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            self._waiting.append(Pulled(message, _delivery(message, subscription.event), queue))

        return take

    async def _handle_all(self, taken: Sequence[Pulled]) -> list[Disposition]:
        return [await self._handle(pulled.delivery) for pulled in taken]

    async def _handle(self, delivery: Delivery) -> Disposition:
        try:
            await self.handler(read(delivery))
        except Unreadable as error:
            return Dead(str(error))
        except PartlyRefused as error:
            return Dead(str(error), without_taken(delivery.body, error.items))
        except Exception as error:  # noqa: BLE001 — whatever one message does must stop no other.
            return after(error, retries=delivery.retries, delays=self.delays)
        return Done()

    def _dispose(self, pulled: Pulled, disposition: Disposition, returning: Returning) -> None:
        match disposition:
            case Later():
                _log.warning(
                    "message waits", queue=pulled.queue, seconds=disposition.seconds, reason=disposition.reason
                )
                returning.later(pulled.message, pulled.queue, disposition, retries=pulled.delivery.retries + 1)
            case Dead():
                _log.error("message put aside", queue=pulled.queue, reason=disposition.reason)
                returning.aside(pulled.message, pulled.queue, disposition)
        pulled.message.ack()
        self.disposed[_OUTCOMES[type(disposition)]] += 1

    def _wake_up(self) -> None:
        writer = self._wake
        if writer is not None:
            # Closed meanwhile: there is nobody to wake.
            with suppress(OSError):
                os.write(writer, b"!")


def _delivery(message: Any, event: str) -> Delivery:
    body = message.body
    return Delivery(
        event=event,
        body=body.encode() if isinstance(body, str) else bytes(body),
        headers=message.headers or {},
        message_id=message.properties.get("message_id"),
        timestamp=message.properties.get("timestamp"),
        is_redelivered=bool(message.delivery_info.get("redelivered")),
    )
