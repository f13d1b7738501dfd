"""The consumer process: does what received messages say; any number of consumers may run."""

import asyncio
import socket
from collections.abc import Mapping

import structlog

from adapters.amqp.consumer import AMQPConsumer
from adapters.amqp.topology import SUBSCRIPTIONS, Scope
from adapters.telemetry.metrics import Metrics
from application.use_cases.handle_message import HandleMessage
from entrypoints.containers import CLIContainer
from entrypoints.lifetimes import opened
from entrypoints.observing import observed
from entrypoints.settings import Settings
from entrypoints.stopping import stopped_by_signal

_log = structlog.get_logger("rs_downloader.consumer")


async def consume(settings: Settings, management: socket.socket | None = None) -> None:
    """Consume until SIGTERM or SIGINT; the batch at hand is handled and acknowledged first.

    ``management`` is a listening socket for health and metrics, which is closed at the end.
    """
    container = CLIContainer(settings=settings)
    container.check_dependencies()
    async with opened(container.adapters), observed(container, management):
        handle: HandleMessage = container.use_cases.handle_message()
        consumers = [
            AMQPConsumer(
                url=settings.broker_url,
                vhost=vhost,
                topology=container.adapters.topology(),
                subscriptions=[item for item in SUBSCRIPTIONS if item.scope is scope],
                handler=handle.execute,
            )
            for scope, vhost in (
                (Scope.TENANT, settings.amqp_tenant_vhost),
                (Scope.INSTANCE, settings.amqp_instance_vhost),
            )
        ]
        _watch(container.adapters.metrics(), dict(zip(("tenants", "instance"), consumers, strict=True)))
        with stopped_by_signal() as stopping:
            tasks = [asyncio.create_task(consumer.run()) for consumer in consumers]
            waiting = asyncio.create_task(stopping.wait())
            # A consumer ends by itself only through a defect: the process ends then, too, and says why.
            await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            for consumer in consumers:
                consumer.stop()
            await asyncio.gather(*tasks)
        _log.info("stopped")


def _watch(metrics: Metrics, consumers: Mapping[str, AMQPConsumer]) -> None:
    metrics.watch(
        "consumer_connected",
        "Whether messages can come: 1 or 0.",
        lambda: {name: float(consumer.is_connected) for name, consumer in consumers.items()},
        label="messages_of",
    )
    metrics.watch(
        "messages",
        "Received messages by what became of them.",
        lambda: {
            outcome: sum(consumer.disposed[outcome] for consumer in consumers.values())
            for outcome in ("done", "later", "dead")
        },
        label="outcome",
        counts=True,
    )
