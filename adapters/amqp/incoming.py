"""Upstream's messages as facts: headers and bodies of both converters (contract-downloader sections 2.1, 2.2 and 2.4).

Jackson and Gson write the same JSON objects; they differ in headers, and in nulls, which Gson leaves out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from adapters.amqp import topology
from adapters.amqp.outgoing import CONVERTER_HEADER, GSON, JACKSON, ORIGIN_HEADER, TENANT_HEADER
from application.ports.messages import (
    Fact,
    FileDeleted,
    FileStored,
    LicenceAcceptedElsewhere,
    LicenceResetElsewhere,
    NotForUs,
    ProductsSaid,
    Received,
    RefusedItem,
    RestorationRequested,
    StorageChanged,
    TenantCreated,
    TenantDeleted,
    UserDeleted,
)
from domain.file import LONGEST_KEY
from domain.restoration import DEFAULT_HOURS, MOST_FILES
from domain.text import is_storable

MOST_BYTES = 4 * 1024 * 1024
"""The largest body that is read; a thousand checksums have less than a tenth of it."""

_LAST_SECOND = 2**35
"""Of the eleventh century to come; what is larger counts something else than seconds."""

RETRIES_HEADER = "x-retries"

Body = Mapping[str, Any]


class Unreadable(ValueError):
    """The message can never be read; the text says why."""


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
    body = _object(delivery.body)
    is_about_tenants = delivery.event in (topology.TENANT_CREATED, topology.TENANT_DELETED)
    tenant = body.get("tenant") if is_about_tenants else delivery.headers.get(TENANT_HEADER)
    if not isinstance(tenant, str) or not is_storable(tenant):
        where = "The member 'tenant'" if is_about_tenants else f"The header {TENANT_HEADER}"
        raise Unreadable(f"{where} is missing or no text.")
    is_own = delivery.headers.get(ORIGIN_HEADER) == topology.SERVICE_TYPE
    fact = NotForUs() if is_own else _READERS[delivery.event](body)
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
    whole = _object(body)
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


def _object(body: bytes) -> Body:
    try:
        value = json.loads(body, parse_constant=_no_number)
    # No JSON, no UTF-8, or a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is no JSON: {type(error).__name__}.") from error
    if not isinstance(value, dict):
        raise Unreadable("The body is no JSON object.")
    return value


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _identity(delivery: Delivery, tenant: str) -> tuple[str, bool]:
    """The sender's id of the message; else a fingerprint, because upstream sends none."""
    if isinstance(delivery.message_id, str) and is_storable(delivery.message_id):
        return f"{delivery.event}/{delivery.message_id}"[:512], True
    print_of = hashlib.sha256()
    for part in (delivery.event, tenant, str(delivery.timestamp)):
        print_of.update(part.encode(errors="replace") + b"\0")
    print_of.update(delivery.body)
    return f"sha256:{print_of.hexdigest()}", False


def _user(body: Body) -> Fact:
    action = _text(body, "action")
    return UserDeleted(_text(body, "email")) if action == "DELETE" else NotForUs()


def _storage_changed(body: Body) -> Fact:
    return StorageChanged(_optional_text(body, "businessId"))


def _plugin_changed(body: Body) -> Fact:
    # The member's name is upstream's, double n and all.
    return StorageChanged(_optional_text(body, "pluginBusinnessId"))


def _plugins_forgotten(_body: Body) -> Fact:
    return StorageChanged(None)


def _tenant_created(_body: Body) -> Fact:
    return TenantCreated()


def _tenant_deleted(_body: Body) -> Fact:
    return TenantDeleted()


def _file_reference(body: Body) -> Fact:
    kind = _text(body, "type")
    if kind not in {"STORED", "FULLY_DELETED"}:
        return NotForUs()
    location = _member(body, "location")
    if kind == "FULLY_DELETED":
        return FileDeleted(checksum=_text(body, "checksum"), storage=_text(location, "storage"))
    about = _member(body, "metaInfo")
    return FileStored(
        checksum=_text(body, "checksum"),
        algorithm=_text(about, "algorithm"),
        file_name=_text(about, "fileName"),
        size_bytes=_number(about, "fileSize"),
        media_type=_text(about, "mimeType"),
        data_type=_text(about, "type"),
        storage=_text(location, "storage"),
        url=_text(location, "url"),
        height=_optional_number(about, "height"),
        width=_optional_number(about, "width"),
    )


def _restoration(body: Body) -> Fact:
    checksums = body.get("checksums")
    if not isinstance(checksums, list) or not all(isinstance(item, str) and _is_key(item) for item in checksums):
        raise Unreadable(f"The member 'checksums' is no list of texts of at most {LONGEST_KEY} bytes.")
    if len(checksums) > MOST_FILES:
        raise Unreadable(f"The message asks for {len(checksums)} files; a group has at most {MOST_FILES}.")
    group_id = _text(body, "groupId")
    if not _is_key(group_id):
        raise Unreadable(f"The member 'groupId' has more than {LONGEST_KEY} bytes.")
    hours = _optional_number(body, "availabilityHours")
    return RestorationRequested(
        group_id=group_id,
        checksums=tuple(dict.fromkeys(checksums)),
        available_hours=DEFAULT_HOURS if hours is None else hours,
    )


def _licence(body: Body) -> Fact:
    match _text(body, "action"):
        case "ACCEPT":
            return LicenceAcceptedElsewhere(email=_text(body, "user"), link=_text(body, "licenseLink"))
        case "RESET":
            return LicenceResetElsewhere()
    return NotForUs()


def _products(body: Body) -> Fact:
    action = _text(body, "action")
    if action not in {"CREATE", "UPDATE", "DELETE"}:
        raise Unreadable(f"The action is {action!r}; known are CREATE, UPDATE and DELETE.")
    documents = body.get("features")
    if not isinstance(documents, list):
        raise Unreadable("The member 'features' is no list.")
    said_at = _optional_text(body, "saidAt")
    return ProductsSaid(
        documents=tuple(documents),
        is_removal=action == "DELETE",
        said_at=None if said_at is None else _said_at(said_at),
    )


def _said_at(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("The member 'saidAt' is no instant of ISO 8601.") from error
    if instant.tzinfo is None:
        raise Unreadable("The member 'saidAt' has no time zone.")
    return instant


_READERS: Mapping[str, Callable[[Body], Fact]] = {
    topology.USER: _user,
    topology.STORAGE_CHANGED: _storage_changed,
    topology.PLUGIN_CHANGED: _plugin_changed,
    topology.PLUGIN_FORGOTTEN: _plugins_forgotten,
    topology.TENANT_CREATED: _tenant_created,
    topology.TENANT_DELETED: _tenant_deleted,
    topology.FILE_REFERENCE: _file_reference,
    topology.RESTORATION: _restoration,
    topology.LICENCE: _licence,
    topology.PRODUCTS: _products,
}


def _member(body: Body, name: str) -> Body:
    value = body.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"The member {name!r} is missing or no object.")
    return value


def _text(body: Body, name: str) -> str:
    value = _optional_text(body, name)
    if not value:
        raise Unreadable(f"The member {name!r} is missing or empty.")
    return value


def _optional_text(body: Body, name: str) -> str | None:
    value = body.get(name)
    if value is not None and value != "" and (not isinstance(value, str) or not is_storable(value)):
        raise Unreadable(f"The member {name!r} is no text.")
    return value


def _is_key(text: str) -> bool:
    """Whether something can be found by it: what is longer fits into no index."""
    return is_storable(text) and len(text.encode()) <= LONGEST_KEY


def _number(body: Body, name: str) -> int:
    value = _optional_number(body, name)
    if value is None:
        raise Unreadable(f"The member {name!r} is missing.")
    return value


def _optional_number(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63):
        raise Unreadable(f"The member {name!r} is no number.")
    return value
