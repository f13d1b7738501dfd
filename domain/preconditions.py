"""Conditional requests: which of them stop a download before it costs anything (RFC 9110 section 13)."""

from datetime import UTC, datetime
from enum import Enum

import attrs

from domain import byte_range
from domain.byte_range import ByteRange
from domain.errors import PreconditionFailed


@attrs.frozen(kw_only=True)
class Conditions:
    """The conditional fields of a request, as received; dates already read, an unreadable one is ``None``."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None
    if_range: str | datetime | None = None
    range: str | None = None


class Unmodified(Enum):
    """The client's copy is current: answer 304."""

    NOT_MODIFIED = "not-modified"


def evaluate(
    conditions: Conditions, *, e_tag: str, last_modified: datetime, size_bytes: int
) -> Unmodified | tuple[ByteRange, ...] | None:
    """Apply the conditions in the order of RFC 9110 section 13.2.2.

    Returns the ranges to send, ``None`` for the whole file, or ``Unmodified``. ``e_tag`` is strong, quotes included.
    Raises ``PreconditionFailed`` (412) and ``RangeNotSatisfiable`` (416).
    """
    modified = last_modified.astimezone(UTC).replace(microsecond=0)
    if conditions.if_match is not None:
        if not _matches(conditions.if_match, e_tag, weakly=False):
            raise PreconditionFailed("If-Match names another version of this file.")
    elif conditions.if_unmodified_since is not None and modified > conditions.if_unmodified_since:
        raise PreconditionFailed("The file was modified after the date in If-Unmodified-Since.")
    if conditions.if_none_match is not None:
        if _matches(conditions.if_none_match, e_tag, weakly=True):
            return Unmodified.NOT_MODIFIED
    elif conditions.if_modified_since is not None and modified <= conditions.if_modified_since:
        return Unmodified.NOT_MODIFIED
    if conditions.range is None or not _range_applies(conditions.if_range, e_tag, modified):
        return None
    return byte_range.parse(conditions.range, size_bytes)


def _range_applies(if_range: str | datetime | None, e_tag: str, modified: datetime) -> bool:
    """``If-Range`` compares strongly; a date must be exactly the one we sent (section 13.1.5)."""
    if if_range is None:
        return True
    if isinstance(if_range, datetime):
        return if_range == modified
    return if_range.strip() == e_tag


def _matches(field: str, e_tag: str, *, weakly: bool) -> bool:
    if field.strip() == "*":
        return True
    return any(
        tag == e_tag or (weakly and tag.removeprefix("W/") == e_tag) for tag in (part.strip() for part in _tags(field))
    )


def _tags(field: str) -> list[str]:
    """Split a list of entity tags at commas outside quotes."""
    tags, current, quoted = [], "", False
    for character in field:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            tags.append(current)
            current = ""
        else:
            current += character
    return [*tags, current]
