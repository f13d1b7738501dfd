"""Upstream's messages as facts: headers and bodies of both converters (contract-downloader sections 2.1, 2.2 and 2.4).

Jackson and Gson write the same JSON objects; they differ in headers, and in nulls, which Gson leaves out.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from adapters.amqp import topology
from adapters.amqp.facts import fact_in
from adapters.amqp.members import Unreadable, object_of
from adapters.amqp.outgoing import CONVERTER_HEADER, GSON, JACKSON, ORIGIN_HEADER, TENANT_HEADER
from application.ports.messages import NotForUs, Received, RefusedItem
from domain.text import is_storable

MOST_BYTES = 4 * 1024 * 1024
"""The largest body that is read; a thousand checksums have less than a tenth of it."""

_LAST_SECOND = 2**35
"""Of the eleventh century to come; what is larger counts something else than seconds."""

RETRIES_HEADER = "x-retries"


@attrs.frozen(kw_only=True)
class Delivery:
    """A message as the broker handed it out."""

    event: str
    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None = None
    timestamp: object = None
    is_redelivered: bool = False

    @property
    def retries(self) -> int:
        """How often the message has come back from waiting."""
        count = self.headers.get(RETRIES_HEADER, 0)
        return count if isinstance(count, int) and count >= 0 else 0


def read(delivery: Delivery) -> Received:
    """The fact in a message, and for which tenant. Raises ``Unreadable``."""
    converter = delivery.headers.get(CONVERTER_HEADER, GSON)
    if converter not in (JACKSON, GSON):
        raise Unreadable(f"The header {CONVERTER_HEADER} is {converter!r}; known are {JACKSON} and {GSON}.")
    if len(delivery.body) > MOST_BYTES:
        raise Unreadable(f"The body has {len(delivery.body)} bytes; at most {MOST_BYTES} are read.")
    body = object_of(delivery.body)
    is_about_tenants = delivery.event in (topology.TENANT_CREATED, topology.TENANT_DELETED)
    tenant = body.get("tenant") if is_about_tenants else delivery.headers.get(TENANT_HEADER)
    if not isinstance(tenant, str) or not is_storable(tenant):
        where = "The member 'tenant'" if is_about_tenants else f"The header {TENANT_HEADER}"
        raise Unreadable(f"{where} is missing or no text.")
    is_own = delivery.headers.get(ORIGIN_HEADER) == topology.SERVICE_TYPE
    fact = NotForUs() if is_own else fact_in(delivery.event, body)
    message_id, is_certain = _identity(delivery, tenant)
    return Received(
        tenant=tenant,
        fact=fact,
        message_id=message_id,
        is_id_certain=is_certain,
        is_redelivered=delivery.is_redelivered or delivery.retries > 0,
        sent_at=_instant(delivery.timestamp),
    )


def without_taken(body: bytes, refused: Sequence[RefusedItem]) -> bytes:
    """What is left of a message of which only these items were refused; each with its reason, in ``refused``."""
    whole = object_of(body)
    items = [whole["features"][item.index] for item in refused]
    reasons = [{**attrs.asdict(item), "index": index} for index, item in enumerate(refused)]
    return json.dumps({**whole, "features": items, "refused": reasons}).encode()


def _instant(timestamp: object) -> datetime | None:
    """AMQP counts seconds since 1970; what is no such number says nothing."""
    if isinstance(timestamp, datetime):
        return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    if not isinstance(timestamp, int) or not 0 < timestamp < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(timestamp, UTC)


def _identity(delivery: Delivery, tenant: str) -> tuple[str, bool]:
    """The sender's id of the message; else a fingerprint, because upstream sends none."""
    if isinstance(delivery.message_id, str) and is_storable(delivery.message_id):
        return f"{delivery.event}/{delivery.message_id}"[:512], True
    print_of = hashlib.sha256()
    for part in (delivery.event, tenant, str(delivery.timestamp)):
        print_of.update(part.encode(errors="replace") + b"\0")
    print_of.update(delivery.body)
    return f"sha256:{print_of.hexdigest()}", False
