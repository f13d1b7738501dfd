"""Publishing to a real broker: confirmed, in order, in upstream's form; and what the broker will never take."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from adapters.amqp.publisher import AMQPPublisher
from adapters.amqp.topology import Topology
from application.ports.unit_of_work import StoredEvent
from tests.factories import NOW
from tests.integration.amqp_broker import AMQP_MARKS, AMQP_VARIABLE, PlainClient, fresh_prefix, plain_client

pytestmark = [pytest.mark.anyio, *AMQP_MARKS]

AVAILABLE = "regards.storage.file.notification"
QUOTA = "regards.broadcast.fr.cnes.regards.modules.filecatalog.amqp.input.QuotaUpdateEvent"


@pytest.fixture
def client() -> Iterator[PlainClient]:
    with plain_client(os.environ[AMQP_VARIABLE], fresh_prefix()) as client:
        yield client


@pytest.fixture
async def publisher(client) -> AsyncIterator[AMQPPublisher]:
    publisher = AMQPPublisher(client.url, vhost=client.vhost, topology=Topology(client.prefix))
    yield publisher
    await publisher.aclose()


def an_event(number: int, kind: str = "QuotaUsed", **payload: object) -> StoredEvent:
    return StoredEvent(
        id=number, tenant="demo", type=kind, payload=payload or {"units_by_email": {"é@x.org": number}}, occurred_at=NOW
    )


async def test_events_arrive_in_order_and_those_of_no_interest_are_done_too(client, publisher):
    queue = client.listen(QUOTA)

    outcome = await publisher.publish([an_event(1), an_event(2, "TicketIssued"), *map(an_event, range(3, 100))])

    assert outcome.done == tuple(range(1, 100))
    assert (outcome.told, outcome.refused, outcome.failure) == (98, {}, None)
    bodies = [client.get(queue).body for _ in range(98)]
    assert bodies == [f'{{"currentQuotaByEmail":{{"é@x.org":{number}}}}}' for number in (1, *range(3, 100))]


async def test_an_event_has_the_same_id_however_often_it_is_published(client, publisher):
    queue = client.listen(QUOTA)
    await publisher.publish([an_event(1)])
    await publisher.publish([an_event(1), an_event(2)])

    first, again, other = (client.get(queue).properties["message_id"] for _ in range(3))
    assert first == again != other


async def test_availability_is_told_on_upstreams_topic_exchange(client, publisher):
    queue = client.listen(AVAILABLE, "topic", "regards.file.availability.status")
    until = NOW + timedelta(microseconds=5)
    await publisher.publish(
        [
            an_event(1, "FileAvailabilityKnown", checksum="c", is_available=True, until=until.isoformat()),
            an_event(2, "FileAvailabilityKnown", checksum="d", is_available=False, until=None),
        ]
    )

    first, second = client.get(queue), client.get(queue)
    assert first.body == '{"checksum":"c","available":true,"expiration_date":"2026-03-01T12:00:00.000005Z"}'
    assert second.body == '{"checksum":"d","available":false}'
    assert first.headers["regards.converter"] == "GSON"


async def test_what_cannot_be_written_is_refused_and_holds_nothing_up(client, publisher):
    queue = client.listen(QUOTA)

    outcome = await publisher.publish([an_event(1, odd=1), an_event(2)])

    assert outcome.done == (2,)
    assert list(outcome.refused) == [1]
    assert client.get(queue).body == '{"currentQuotaByEmail":{"é@x.org":2}}'


async def test_a_message_that_is_too_large_for_the_broker_is_refused_and_holds_nothing_up(client, publisher):
    queue = client.listen(QUOTA)
    # RabbitMQ takes at most 128 MiB.
    huge = an_event(2, "DownloadsRefused", email="a@x.org", message="a" * 140_000_000)

    outcome = await publisher.publish([an_event(1), huge, an_event(3)])

    assert outcome.done == (1, 3)
    assert "PRECONDITION_FAILED" in outcome.refused[2]
    numbers = {client.get(queue).body for _ in range(2)}
    assert len(numbers) == 2


async def test_a_broker_that_is_away_is_a_failure_and_no_loss(client):
    publisher = AMQPPublisher("amqp://guest:guest@127.0.0.1:1//", vhost="", topology=Topology(client.prefix))

    outcome = await publisher.publish([an_event(1)])
    await publisher.aclose()

    assert outcome.done == ()
    assert outcome.failure is not None
