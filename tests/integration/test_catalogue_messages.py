"""Messages of licences and products on a real broker: upstream's form both ways, and what is left of a refused part."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from adapters.amqp.publisher import AMQPPublisher
from adapters.amqp.topology import Topology
from application.ports.messages import (
    LicenceAcceptedElsewhere,
    LicenceResetElsewhere,
    NotForUs,
    PartlyRefused,
    ProductsSaid,
    Received,
    RefusedItem,
    UserDeleted,
)
from application.ports.unit_of_work import StoredEvent
from domain.events import LicenceAccepted, LicenceReset
from tests.factories import NOW
from tests.integration.amqp_broker import AMQP_MARKS, AMQP_VARIABLE, PlainClient, fresh_prefix, plain_client
from tests.integration.test_amqp_consumer import DELETE_ALICE, JACKSON, USER, Handled, consuming, dead_letter

pytestmark = [pytest.mark.anyio, *AMQP_MARKS]

LICENCE = "regards.broadcast.fr.cnes.regards.modules.accessrights.domain.projects.events.LicenseEvent"
PRODUCTS = "regards.broadcast.rs-downloader.ProductsEvent"
LINK = "https://archive.example.org/licence.html"
ACCEPT = {"action": "ACCEPT", "user": "alice@example.org", "licenseLink": LINK}
FEATURE = {"type": "Feature", "id": "URN:AIP:DATA:demo:00000000-0000-0000-0000-000000000001:V1"}


@pytest.fixture
def client() -> Iterator[PlainClient]:
    with plain_client(os.environ[AMQP_VARIABLE], fresh_prefix()) as client:
        yield client


@pytest.fixture
async def publisher(client) -> AsyncIterator[AMQPPublisher]:
    publisher = AMQPPublisher(client.url, vhost=client.vhost, topology=Topology(client.prefix))
    yield publisher
    await publisher.aclose()


@pytest.fixture
def handled() -> Handled:
    return Handled()


def stored(number: int, event: LicenceAccepted | LicenceReset) -> StoredEvent:
    payload = attrs.asdict(event)
    return StoredEvent(id=number, tenant="demo", type=type(event).__name__, payload=payload, occurred_at=NOW)


ACCEPTED = stored(1, LicenceAccepted(tenant="demo", email="é@x.org", link=LINK, occurred_at=NOW))
RESET = stored(2, LicenceReset(tenant="demo", link=LINK, occurred_at=NOW))


async def test_licences_are_told_in_upstreams_form(client, publisher):
    queue = client.listen(LICENCE)

    await publisher.publish([ACCEPTED, RESET])

    accepted, reset = client.get(queue), client.get(queue)
    assert accepted.body == f'{{"action":"ACCEPT","user":"é@x.org","licenseLink":"{LINK}"}}'
    assert reset.body == f'{{"action":"RESET","user":"","licenseLink":"{LINK}"}}'
    assert accepted.headers == {
        "regards.tenant": "demo",
        "regards.converter": "JACKSON",
        "__TypeId__": LICENCE.removeprefix("regards.broadcast."),
        "rs-downloader.origin": "rs-downloader",
    }


async def test_what_we_told_ourselves_is_no_news(client, publisher, handled):
    async with consuming(client, handled, LICENCE):
        await publisher.publish([RESET])
        client.publish(LICENCE, {"action": "RESET", "user": ""}, headers=JACKSON)
        own, theirs = await handled.become(2)

    assert (own.fact, theirs.fact) == (NotForUs(), LicenceResetElsewhere())


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (ACCEPT, LicenceAcceptedElsewhere(email="alice@example.org", link=LINK)),
        ({"action": "RESET", "user": "", "licenseLink": LINK}, LicenceResetElsewhere()),
        ({"action": "RESET", "user": None}, LicenceResetElsewhere()),
        ({"action": "SOMETHING"}, NotForUs()),
    ],
    ids=["accept", "reset", "reset with nulls", "anything else"],
)
@pytest.mark.parametrize("headers", [JACKSON, {"regards.converter": "GSON"}], ids=["jackson", "gson"])
async def test_upstreams_licence_events_are_understood(client, handled, headers, body, fact):
    sent = int(datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp())
    async with consuming(client, handled, LICENCE):
        client.publish(LICENCE, body, headers=headers, timestamp=sent)
        (received,) = await handled.become(1)

    assert (received.fact, received.tenant) == (fact, "demo")
    assert received.sent_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ({"action": "CREATE", "features": [FEATURE, 5]}, ProductsSaid(documents=(FEATURE, 5))),
        ({"action": "UPDATE", "type": "FeatureCollection", "features": []}, ProductsSaid(documents=())),
        (
            {"action": "DELETE", "features": [FEATURE["id"]], "saidAt": "2026-02-03T04:05:06.000007+01:00"},
            ProductsSaid(
                documents=(FEATURE["id"],),
                is_removal=True,
                said_at=datetime(2026, 2, 3, 3, 5, 6, 7, tzinfo=UTC),
            ),
        ),
    ],
    ids=["create", "update", "delete"],
)
async def test_products_are_understood(client, handled, body, fact):
    async with consuming(client, handled, PRODUCTS):
        client.publish(PRODUCTS, body, headers=JACKSON)
        (received,) = await handled.become(1)

    assert received.fact == fact


@pytest.mark.parametrize("timestamp", [None, 0, 2**60], ids=str)
async def test_a_message_may_not_say_when_it_was_sent(client, handled, timestamp):
    async with consuming(client, handled, PRODUCTS):
        client.publish(PRODUCTS, {"action": "CREATE", "features": []}, headers=JACKSON, timestamp=timestamp)
        (received,) = await handled.become(1)

    assert received.sent_at is None


RESTORE = "regards.broadcast.fr.cnes.regards.modules.filecatalog.amqp.input.FilesRestorationRequestEvent"

POISON = {
    "a checksum for no index": (RESTORE, {"groupId": "g", "checksums": ["é" * 513]}, "checksums"),
    "a group for no index": (RESTORE, {"groupId": "g" * 1025, "checksums": []}, "groupId"),
    "no action": (PRODUCTS, {"features": []}, "action"),
    "another action": (PRODUCTS, {"action": "PATCH", "features": []}, "PATCH"),
    "no features": (PRODUCTS, {"action": "CREATE"}, "features"),
    "features by name": (PRODUCTS, {"action": "CREATE", "features": {"a": 1}}, "features"),
    "no instant": (PRODUCTS, {"action": "CREATE", "features": [], "saidAt": "yesterday"}, "saidAt"),
    "no time zone": (PRODUCTS, {"action": "CREATE", "features": [], "saidAt": "2026-01-01T00:00:00"}, "saidAt"),
    "a number of 5000 digits": (PRODUCTS, b'{"action":' + b"1" * 5000 + b"}", "JSON"),
    "no number": (PRODUCTS, b'{"action":"CREATE","features":[{"properties":{"n":NaN}}]}', "JSON"),
    "a nested product": (PRODUCTS, b'{"action":"CREATE","features":' + b"[" * 90_000, "JSON"),
    "nobody accepts": (LICENCE, {"action": "ACCEPT", "licenseLink": LINK}, "user"),
    "nothing is accepted": (LICENCE, {"action": "ACCEPT", "user": "a@x.org", "licenseLink": ""}, "licenseLink"),
}


@pytest.mark.parametrize(("exchange", "body", "reason"), POISON.values(), ids=POISON.keys())
async def test_what_cannot_be_read_is_put_aside_with_the_reason_and_stops_nobody(
    client, handled, exchange, body, reason
):
    async with consuming(client, handled, exchange, USER):
        client.publish(exchange, body, headers=JACKSON)
        client.publish(USER, DELETE_ALICE, headers=JACKSON)
        (received,) = await handled.become(1)
        dead = await asyncio.to_thread(dead_letter, client)

    assert isinstance(received.fact, UserDeleted)
    assert reason in dead.headers["x-exception-message"]
    assert dead.headers["x-original-exchange"] == client.prefix + exchange


@attrs.define(eq=False)
class Refusing(Handled):
    """Refuses some items of the first message."""

    items: tuple[RefusedItem, ...] = ()

    async def __call__(self, received: Received) -> None:
        await super().__call__(received)
        items, self.items = self.items, ()
        if items:
            raise PartlyRefused(items)


async def test_of_a_message_of_which_a_part_was_refused_only_that_part_is_put_aside(client):
    # Half of a character is what JSON can say, and no header can.
    items = (
        RefusedItem(index=1, name="\ud800", code="invalid-value", reason="It is odd."),
        RefusedItem(index=3, name="", code="invalid-value", reason="It is no object."),
    )
    refusing = Refusing(items=items)
    odd = {"id": "\ud800", "é": 1}
    body = {"action": "UPDATE", "features": [FEATURE, odd, FEATURE, 5], "saidAt": "2026-02-03T04:05:06Z"}
    sent = int((NOW - timedelta(days=1)).timestamp())
    async with consuming(client, refusing, PRODUCTS):
        client.publish(PRODUCTS, body, headers=JACKSON, message_id="m1", timestamp=sent)
        client.publish(PRODUCTS, {"action": "CREATE", "features": []}, headers=JACKSON)
        await refusing.become(2)
        dead = await asyncio.to_thread(dead_letter, client)

    assert json.loads(dead.body) == {
        "action": "UPDATE",
        "features": [odd, 5],
        "saidAt": "2026-02-03T04:05:06Z",
        "refused": [
            {"index": 0, "name": "\ud800", "code": "invalid-value", "reason": "It is odd."},
            {"index": 1, "name": "", "code": "invalid-value", "reason": "It is no object."},
        ],
    }
    assert "1 '\\ud800': It is odd.; 3 '': It is no object." in dead.headers["x-exception-message"]
    assert (dead.headers["regards.tenant"], dead.properties["timestamp"]) == ("demo", sent)
    # Another message than the one that is known as handled: mended, it can be published again as it stands.
    assert dead.properties["message_id"] == "m1/refused"
    assert client.depth("regards.DLQ") == 0


async def test_a_message_id_that_no_database_holds_is_none(client, handled):
    async with consuming(client, handled, PRODUCTS):
        client.publish(PRODUCTS, {"action": "CREATE", "features": []}, headers=JACKSON, message_id="a\0b")
        (received,) = await handled.become(1)

    assert not received.is_id_certain
