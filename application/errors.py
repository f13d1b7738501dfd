"""Port failures that use cases see."""

from typing import ClassVar


class PortError(Exception):
    """Something outside the rules failed; ``code`` is stable."""

    code: ClassVar[str] = "port-error"


class StorageUnavailable(PortError):
    """The storage did not answer, or could not read; another copy, or another time, may do."""

    code = "storage-unavailable"


class CopyMissing(StorageUnavailable):
    """The storage answers, and has no such object."""

    code = "copy-missing"


class CopyChanged(StorageUnavailable):
    """The bytes in the storage are not those that were registered."""

    code = "copy-changed"


class CopyMisread(StorageUnavailable):
    """What a storage's plugin says or returns of one object contradicts what was asked."""

    code = "copy-misread"


class CopyNotRestored(StorageUnavailable):
    """The object is on a nearline storage and must be restored before it can be opened."""

    code = "copy-not-restored"


class LocationRefused(PortError):
    """The URL is outside what this storage may read."""

    code = "location-refused"


class PluginUnusable(StorageUnavailable):
    """The storage's plugin is missing, broken, or refuses its parameters."""

    code = "plugin-unusable"


class SecretUnreadable(PluginUnusable):
    """A stored secret cannot be decrypted: its key is not at hand, or it was tampered with."""

    code = "secret-unreadable"


class DatabaseUnavailable(PortError):
    """The database did not answer in time; nothing was recorded."""

    code = "database-unavailable"


class Conflict(PortError):
    """Somebody else changed or created the same thing at the same time."""

    code = "conflict"


class Overloaded(PortError):
    """Too much is waiting already; trying again later helps."""

    code = "overloaded"


class BrokerUnavailable(PortError):
    """The message broker did not confirm in time; the message may have arrived or not."""

    code = "broker-unavailable"
