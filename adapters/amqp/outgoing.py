"""Events as upstream's messages: exchange, headers, body (contract-downloader sections 2.1, 2.3 and 2.4)."""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
from kombu import Exchange

from adapters.amqp.topology import (
    FILE_AVAILABLE,
    FILE_AVAILABLE_KEY,
    LICENCE,
    NOTIFICATION,
    QUOTA_UPDATE,
    REQUESTS_GROUP,
    SERVICE_TYPE,
    Topology,
)
from application.ports.unit_of_work import StoredEvent

TENANT_HEADER = "regards.tenant"
CONVERTER_HEADER = "regards.converter"
TYPE_HEADER = "__TypeId__"
OLD_TYPE_HEADER = "regards.type"
ORIGIN_HEADER = "rs-downloader.origin"
"""Of events that we listen to as well: with our name in it, they are our own, and no news."""

JACKSON = "JACKSON"
GSON = "GSON"

USUAL_PRIORITY = 1
APPLICATION = "REGARDS"
"""Upstream's default of ``regards.instance.name``."""

REFUSALS_TITLE = "Download quota errors"

_NAMESPACE = uuid.UUID("6f0a3c66-2f0e-5f43-9a43-0d6f7d8f4f8e")


@attrs.frozen(kw_only=True)
class OutgoingMessage:
    """A message as it is handed to the broker."""

    exchange: Exchange
    routing_key: str
    body: bytes
    headers: Mapping[str, str]
    message_id: str
    timestamp: int

    @property
    def properties(self) -> dict[str, Any]:
        """The properties that every message of ours has."""
        return {
            "content_type": "application/json",
            "content_encoding": "UTF-8",
            "delivery_mode": 2,
            "priority": USUAL_PRIORITY,
            "timestamp": self.timestamp,
            "app_id": APPLICATION,
            "message_id": self.message_id,
        }


Payload = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class _Form:
    """How one type of event looks outside."""

    event: str
    converter: str
    body: Callable[[Payload], dict[str, object]]
    own_exchange: Callable[[Topology], Exchange] | None = None
    """``None`` for the broadcast exchange of the type."""
    routing_key: str = ""
    is_heard: bool = False
    """Whether we listen to events of this type, too."""

    def exchange(self, topology: Topology) -> Exchange:
        """Where it is published."""
        return topology.broadcast(self.event) if self.own_exchange is None else self.own_exchange(topology)


def _quota_update(payload: Payload) -> dict[str, object]:
    return {"currentQuotaByEmail": payload["units_by_email"]}


def _notification(payload: Payload) -> dict[str, object]:
    return {
        "notification": {
            "message": payload["message"],
            "title": REFUSALS_TITLE,
            "level": "INFO",
            "mimeType": "text/plain",
            "sender": SERVICE_TYPE,
            "projectUserRecipients": [payload["email"]],
            "roleRecipients": [],
        }
    }


def _file_available(payload: Payload) -> dict[str, object]:
    body: dict[str, object] = {"checksum": payload["checksum"], "available": payload["is_available"]}
    if payload.get("until") is not None:
        body["expiration_date"] = _in_zulu(datetime.fromisoformat(payload["until"]))
    return body


def _group_granted(payload: Payload) -> dict[str, object]:
    return {"groupId": payload["group_id"], "type": "AVAILABILITY", "state": "GRANTED", "success": [], "errors": []}


def _group_ended(payload: Payload) -> dict[str, object]:
    return {
        "groupId": payload["group_id"],
        "type": "AVAILABILITY",
        "state": "SUCCESS" if payload["is_success"] else "ERROR",
        "message": payload["message"],
        "success": [{"requestChecksum": checksum} for checksum in payload["available"]],
        "errors": [
            {"requestChecksum": checksum, "errorCause": reason}
            for checksum, reason in payload["reasons_by_checksum"].items()
        ],
    }


def _licence_accepted(payload: Payload) -> dict[str, object]:
    return {"action": "ACCEPT", "user": payload["email"], "licenseLink": payload["link"]}


def _licence_reset(payload: Payload) -> dict[str, object]:
    return {"action": "RESET", "user": "", "licenseLink": payload["link"]}


def _in_zulu(instant: datetime) -> str:
    """ISO 8601 in UTC with microseconds and ``Z``, as upstream's Gson writes dates."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_FORMS: Mapping[str, _Form] = {
    "QuotaUsed": _Form(
        event=QUOTA_UPDATE,
        converter=JACKSON,
        body=_quota_update,
    ),
    "DownloadsRefused": _Form(
        event=NOTIFICATION,
        converter=GSON,
        body=_notification,
    ),
    "FileAvailabilityKnown": _Form(
        event=FILE_AVAILABLE,
        converter=GSON,
        body=_file_available,
        own_exchange=lambda topology: topology.file_notifications(),
        routing_key=FILE_AVAILABLE_KEY,
    ),
    "RestorationGroupGranted": _Form(
        event=REQUESTS_GROUP,
        converter=GSON,
        body=_group_granted,
    ),
    "RestorationGroupEnded": _Form(
        event=REQUESTS_GROUP,
        converter=GSON,
        body=_group_ended,
    ),
    "LicenceAccepted": _Form(
        event=LICENCE,
        converter=JACKSON,
        body=_licence_accepted,
        is_heard=True,
    ),
    "LicenceReset": _Form(
        event=LICENCE,
        converter=JACKSON,
        body=_licence_reset,
        is_heard=True,
    ),
}
"""Events that others hear of, by type; all others are told to nobody."""


def outgoing(event: StoredEvent, topology: Topology) -> OutgoingMessage | None:
    """The message for an event; ``None`` for one that nobody outside hears of.

    The id is the same however often the event is published.
    """
    form = _FORMS.get(event.type)
    if form is None:
        return None
    headers = {TENANT_HEADER: event.tenant, CONVERTER_HEADER: form.converter, TYPE_HEADER: form.event}
    if form.converter == GSON:
        headers[OLD_TYPE_HEADER] = form.event
    if form.is_heard:
        headers[ORIGIN_HEADER] = SERVICE_TYPE
    body = json.dumps(form.body(event.payload), ensure_ascii=False, separators=(",", ":"))
    return OutgoingMessage(
        exchange=form.exchange(topology),
        routing_key=form.routing_key,
        body=body.encode(),
        headers=headers,
        message_id=str(uuid.uuid5(_NAMESPACE, f"{event.tenant}/{event.id}/{event.occurred_at.isoformat()}")),
        timestamp=int(event.occurred_at.timestamp()),
    )
