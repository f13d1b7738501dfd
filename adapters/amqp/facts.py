"""What each kind of message says, as a fact (contract-downloader sections 2.2 and 2.4)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from adapters.amqp import topology
from adapters.amqp.members import Body, Unreadable, is_key, member, number, optional_number, optional_text, text
from application.ports.messages import (
    Fact,
    FileDeleted,
    FileStored,
    LicenceAcceptedElsewhere,
    LicenceResetElsewhere,
    NotForUs,
    ProductsSaid,
    RestorationRequested,
    StorageChanged,
    TenantCreated,
    TenantDeleted,
    UserDeleted,
)
from domain.file import LONGEST_KEY
from domain.restoration import DEFAULT_HOURS, MOST_FILES


def fact_in(event: str, body: Body) -> Fact:
    """The fact in the body of a message of this event, one of those subscribed to. Raises ``Unreadable``."""
    return _READERS[event](body)


def _user(body: Body) -> Fact:
    action = text(body, "action")
    return UserDeleted(text(body, "email")) if action == "DELETE" else NotForUs()


def _storage_changed(body: Body) -> Fact:
    return StorageChanged(optional_text(body, "businessId"))


def _plugin_changed(body: Body) -> Fact:
    # The member's name is upstream's, double n and all.
    return StorageChanged(optional_text(body, "pluginBusinnessId"))


def _plugins_forgotten(_body: Body) -> Fact:
    return StorageChanged(None)


def _tenant_created(_body: Body) -> Fact:
    return TenantCreated()


def _tenant_deleted(_body: Body) -> Fact:
    return TenantDeleted()


def _file_reference(body: Body) -> Fact:
    kind = text(body, "type")
    if kind not in {"STORED", "FULLY_DELETED"}:
        return NotForUs()
    location = member(body, "location")
    if kind == "FULLY_DELETED":
        return FileDeleted(checksum=text(body, "checksum"), storage=text(location, "storage"))
    about = member(body, "metaInfo")
    return FileStored(
        checksum=text(body, "checksum"),
        algorithm=text(about, "algorithm"),
        file_name=text(about, "fileName"),
        size_bytes=number(about, "fileSize"),
        media_type=text(about, "mimeType"),
        data_type=text(about, "type"),
        storage=text(location, "storage"),
        url=text(location, "url"),
        height=optional_number(about, "height"),
        width=optional_number(about, "width"),
    )


def _restoration(body: Body) -> Fact:
    checksums = body.get("checksums")
    if not isinstance(checksums, list) or not all(isinstance(item, str) and is_key(item) for item in checksums):
        raise Unreadable(f"The member 'checksums' is no list of texts of at most {LONGEST_KEY} bytes.")
    if len(checksums) > MOST_FILES:
        raise Unreadable(f"The message asks for {len(checksums)} files; a group has at most {MOST_FILES}.")
    group_id = text(body, "groupId")
    if not is_key(group_id):
        raise Unreadable(f"The member 'groupId' has more than {LONGEST_KEY} bytes.")
    hours = optional_number(body, "availabilityHours")
    return RestorationRequested(
        group_id=group_id,
        checksums=tuple(dict.fromkeys(checksums)),
        available_hours=DEFAULT_HOURS if hours is None else hours,
    )


def _licence(body: Body) -> Fact:
    match text(body, "action"):
        case "ACCEPT":
            return LicenceAcceptedElsewhere(email=text(body, "user"), link=text(body, "licenseLink"))
        case "RESET":
            return LicenceResetElsewhere()
    return NotForUs()


def _products(body: Body) -> Fact:
    action = text(body, "action")
    if action not in {"CREATE", "UPDATE", "DELETE"}:
        raise Unreadable(f"The action is {action!r}; known are CREATE, UPDATE and DELETE.")
    documents = body.get("features")
    if not isinstance(documents, list):
        raise Unreadable("The member 'features' is no list.")
    said_at = optional_text(body, "saidAt")
    return ProductsSaid(
        documents=tuple(documents),
        is_removal=action == "DELETE",
        said_at=None if said_at is None else _said_at(said_at),
    )


def _said_at(said: str) -> datetime:
    try:
        instant = datetime.fromisoformat(said)
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
