"""Messages in and out, as facts; exchanges, headers and bodies are the adapter's."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from application.errors import BrokerUnavailable
from application.ports.unit_of_work import StoredEvent


@attrs.frozen(kw_only=True)
class Published:
    """What became of some events, by id.

    ``done``: confirmed by the broker, or told to nobody; ``told`` counts the former. ``refused``: the broker will never
    take them, and why. Everything else may have arrived or not, because of ``failure``.
    """

    done: tuple[int, ...] = ()
    told: int = 0
    refused: Mapping[int, str] = attrs.field(factory=dict)
    failure: BrokerUnavailable | None = None


class MessagePublisher(Protocol):
    """Tells the outside what happened."""

    @abstractmethod
    async def publish(self, events: Sequence[StoredEvent]) -> Published:
        """Hand events to the broker, in order, and wait for its confirmations. Raises nothing.

        The same event always has the same message id.
        """


@attrs.frozen
class UserDeleted:
    """A user has left the tenant."""

    email: str


@attrs.frozen
class StorageChanged:
    """The configuration of a storage was changed elsewhere; ``None`` when it is not said which."""

    name: str | None


@attrs.frozen
class TenantCreated:
    """A tenant is to be served."""


@attrs.frozen
class TenantDeleted:
    """A tenant is no longer to be served."""


@attrs.frozen(kw_only=True)
class FileStored:
    """A copy of a file was stored, or registered where it is."""

    checksum: str
    algorithm: str
    file_name: str
    size_bytes: int
    media_type: str
    data_type: str
    storage: str
    url: str
    height: int | None = None
    width: int | None = None


@attrs.frozen(kw_only=True)
class FileDeleted:
    """A copy of a file is gone."""

    checksum: str
    storage: str


@attrs.frozen(kw_only=True)
class RestorationRequested:
    """A group wants files to be made available for some hours."""

    group_id: str
    checksums: tuple[str, ...]
    available_hours: int


@attrs.frozen(kw_only=True)
class LicenceAcceptedElsewhere:
    """A user has accepted the tenant's licence, the text behind ``link``, in another service."""

    email: str
    link: str


@attrs.frozen
class LicenceResetElsewhere:
    """Everybody is to accept the tenant's licence anew, says another service."""


@attrs.frozen(kw_only=True)
class ProductsSaid:
    """What products are now, as documents in any of the formats; or (``is_removal``) which of them are gone.

    ``said_at`` is when, if the message says so itself.
    """

    documents: tuple[object, ...]
    is_removal: bool = False
    said_at: datetime | None = None


@attrs.frozen
class NotForUs:
    """A fact of a kind that changes nothing here."""


Fact = (
    UserDeleted
    | StorageChanged
    | TenantCreated
    | TenantDeleted
    | FileStored
    | FileDeleted
    | RestorationRequested
    | LicenceAcceptedElsewhere
    | LicenceResetElsewhere
    | ProductsSaid
    | NotForUs
)


@attrs.frozen(kw_only=True)
class Received:
    """A message that could be read.

    ``message_id`` names it: the sender's own id, or else a fingerprint of all that was sent, which two messages of the
    same second may share (``is_id_certain`` tells). ``is_redelivered``: it was handed out before. ``sent_at``: when the
    sender says that it was sent, if at all; mostly to the second.
    """

    tenant: str
    fact: Fact
    message_id: str
    is_id_certain: bool
    is_redelivered: bool = False
    sent_at: datetime | None = None


@attrs.frozen(kw_only=True)
class RefusedItem:
    """One item of a message, and why it was refused.

    ``index`` counts from 0; ``name`` is what it calls itself, if anything.
    """

    index: int
    name: str
    code: str
    reason: str


class PartlyRefused(Exception):
    """Some items of a message were refused. All others have taken effect, for good, and the message is recorded."""

    def __init__(self, items: Sequence[RefusedItem]) -> None:
        super().__init__("; ".join(f"{item.index} {item.name!r}: {item.reason}" for item in items))
        self.items = tuple(items)
