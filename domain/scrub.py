"""Reading copies again because they are old: which, in which order, and how fast."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import attrs

from domain.cool_down import CoolDown
from domain.errors import InvalidValue
from domain.file import FileLocation
from domain.storage_location import StorageLocation, StorageType


@attrs.frozen(kw_only=True)
class ScrubPolicy:
    """At most so many bytes a second (0: no copy is read), and only copies that were not verified for so long."""

    bytes_per_second: int
    age: timedelta

    def __attrs_post_init__(self) -> None:
        if self.bytes_per_second < 0 or self.age < timedelta(0):
            raise InvalidValue("Neither the rate nor the age of a scrub can be negative.")

    @property
    def is_on(self) -> bool:
        """Whether copies are read at all."""
        return self.bytes_per_second > 0

    def pause(self, read_bytes: int, elapsed_seconds: float) -> float:
        """How long to wait after so many bytes in so many seconds, so that the rate is never exceeded."""
        if not self.is_on:
            return 0.0
        return max(0.0, read_bytes / self.bytes_per_second - elapsed_seconds)

    def due_before(self, now: datetime) -> datetime:
        """A copy that was verified before this is due, and one that never was."""
        return now - self.age


@attrs.frozen(kw_only=True)
class ScrubState:
    """How far the copies on one storage are verified; ``oldest_verified_at`` is of those that ever were.

    ``unverifiable`` are those by an algorithm that cannot be computed here; they count as never verified.
    """

    storage: str
    copies: int
    never_verified: int
    unverifiable: int
    suspects: int
    oldest_verified_at: datetime | None


def scrubbable(
    storages: Iterable[StorageLocation], cool_downs: Collection[CoolDown], now: datetime
) -> tuple[StorageLocation, ...]:
    """The storages whose copies may be read only to look at them.

    Not those that are switched off, without a plugin or left alone after a failure; nor nearline ones, where reading
    has a price and a copy may not be readable.
    """
    cooling = {cool_down.storage for cool_down in cool_downs if cool_down.is_cooling(now)}
    return tuple(
        storage
        for storage in storages
        if storage.active
        and storage.plugin_id is not None
        and storage.storage_type is StorageType.ONLINE
        and storage.name not in cooling
    )


def oldest_first(copies: Iterable[FileLocation]) -> tuple[FileLocation, ...]:
    """Those that were never verified first, then those whose verification is longest ago."""
    return tuple(sorted(copies, key=lambda copy: (copy.verified_at is not None, *_age(copy))))


def _age(copy: FileLocation) -> tuple[float, str, str, str]:
    verified_at = 0.0 if copy.verified_at is None else copy.verified_at.timestamp()
    return verified_at, copy.checksum, copy.tenant, copy.storage
