"""Messages in and out, as facts; exchanges, headers and bodies are the adapter's."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
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
    | NotForUs
)


@attrs.frozen(kw_only=True)
class Received:
    """A message that could be read.

    ``message_id`` names it: the sender's own id, or else a fingerprint of all that was sent, which two messages of the
    same second may share (``is_id_certain`` tells). ``is_redelivered``: it was handed out before.
    """

    tenant: str
    fact: Fact
    message_id: str
    is_id_certain: bool
    is_redelivered: bool = False
