"""Whether an object can be read now, from the server's answer to HEAD. No I/O, and no clock but the server's own."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any

import attrs

from domain.availability import Availability, CopyAvailability

READ_AT_ONCE = frozenset(
    {
        "STANDARD",
        "STANDARD_IA",
        "ONEZONE_IA",
        "REDUCED_REDUNDANCY",
        "GLACIER_IR",
        "INTELLIGENT_TIERING",
        "EXPRESS_ONEZONE",
    }
)
"""Storage classes of which no object sleeps, unless the answer names an archive that it has been moved to."""

_ONGOING = re.compile(r'ongoing-request\s*=\s*"?(true|false)"?', re.IGNORECASE)
_EXPIRY = re.compile(r'expiry-date\s*=\s*"([^"]*)"', re.IGNORECASE)


@attrs.frozen
class ReadableClasses:
    """Which storage classes are read without a restoration: S3's, and what an operator's server calls its own."""

    also: str = ""

    def reads_at_once(self, answer: Mapping[str, Any]) -> bool:
        """Whether the object of this answer never sleeps as it is."""
        name = answer.get("StorageClass")
        is_archived = bool(answer.get("ArchiveStatus"))
        return not is_archived and (not name or name in READ_AT_ONCE or name == self.also)

    def availability(self, answer: Mapping[str, Any]) -> CopyAvailability:
        """What the answer to HEAD says; ERROR when that cannot be understood."""
        if self.reads_at_once(answer):
            return CopyAvailability(state=Availability.AVAILABLE)
        restore = answer.get("Restore")
        if not restore:
            return CopyAvailability(state=Availability.UNAVAILABLE, message="It sleeps, and nobody has asked for it.")
        found = _ONGOING.search(str(restore))
        if found is None:
            return CopyAvailability(state=Availability.ERROR, message="The S3 server's x-amz-restore says nothing.")
        if found[1].lower() == "true":
            return CopyAvailability(state=Availability.RESTORING)
        return _restored(str(restore), server_time(answer))


def server_time(answer: Mapping[str, Any]) -> datetime | None:
    """When the server gave the answer, by its own clock, which also decides when a restored object expires."""
    metadata = answer.get("ResponseMetadata")
    headers = metadata.get("HTTPHeaders", {}) if isinstance(metadata, Mapping) else {}
    return _instant(str(headers.get("date", "")))


def days_for(hours: int) -> int:
    """Whole days, which are what S3 restores for."""
    return max(1, ceil(hours / 24))


def lasts(availability: CopyAvailability, hours: int, now: datetime | None) -> bool:
    """Whether the object stays readable for so long without anybody asking; not when that is not known."""
    if availability.state is not Availability.AVAILABLE:
        return False
    return availability.until is None or (now is not None and now + timedelta(hours=hours) <= availability.until)


def _restored(restore: str, now: datetime | None) -> CopyAvailability:
    found = _EXPIRY.search(restore)
    if found is None:
        # Servers that restore for good, such as Ceph's, name no date.
        return CopyAvailability(state=Availability.AVAILABLE)
    until = _instant(found[1])
    if until is None:
        return CopyAvailability(state=Availability.ERROR, message="The date in the S3 server's x-amz-restore is none.")
    if now is not None and until <= now:
        return CopyAvailability(state=Availability.UNAVAILABLE, message="It was restored, and sleeps again.")
    return CopyAvailability(state=Availability.AVAILABLE, until=until)


def _instant(text: str) -> datetime | None:
    """A date of HTTP (RFC 9110 section 5.6.7), or of ISO 8601 as some servers write it."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    return None
