"""What others hear of groups of restorations."""

import json
from typing import Any

import attrs

from adapters.amqp.outgoing import outgoing
from adapters.amqp.topology import Topology
from application.ports.unit_of_work import StoredEvent
from domain.events import Event, RestorationGroupEnded, RestorationGroupGranted
from tests.factories import NOW, TENANT

EVENT = "fr.cnes.regards.modules.filecatalog.amqp.output.FileRequestsGroupEvent"


def told(event: Event) -> tuple[str, dict[str, Any]]:
    stored = StoredEvent(
        id=1, tenant=TENANT, type=type(event).__name__, payload=attrs.asdict(event), occurred_at=event.occurred_at
    )
    message = outgoing(stored, Topology(""))
    assert message is not None
    assert message.headers["regards.converter"] == "GSON"
    return message.exchange.name, json.loads(message.body)


def test_a_group_is_granted():
    exchange, body = told(RestorationGroupGranted(tenant=TENANT, group_id="g", occurred_at=NOW))

    assert exchange == f"regards.broadcast.{EVENT}"
    assert body == {"groupId": "g", "type": "AVAILABILITY", "state": "GRANTED", "success": [], "errors": []}


def test_a_group_ends_with_what_became_of_each_file():
    ended = RestorationGroupEnded(
        tenant=TENANT,
        group_id="g",
        is_success=False,
        message="Not all files could be made available.",
        available=["c1"],
        reasons_by_checksum={"c2": "The tape is torn."},
        occurred_at=NOW,
    )

    _, body = told(ended)

    assert (body["state"], body["message"]) == ("ERROR", ended.message)
    assert body["success"] == [{"requestChecksum": "c1"}]
    assert body["errors"] == [{"requestChecksum": "c2", "errorCause": "The tape is torn."}]
    assert told(attrs.evolve(ended, is_success=True))[1]["state"] == "SUCCESS"
