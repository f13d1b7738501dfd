"""What payloads of this API have in common (contract-downloader section 1, conventions)."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec


class Payload(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A JSON object with camel-case names; what is null is left out, an unknown field is refused.

    In answers only fields that may be absent have a default, since a value equal to its default is left out.
    """


LARGEST_EXACT = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 section 6)."""

Instant = Annotated[
    str,
    msgspec.Meta(
        description="UTC, in microseconds.",
        examples=["2026-11-21T09:00:00.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]

Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_EXACT, extra_json_schema={"format": "int64"})]


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z`` and microseconds, as upstream writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_or_none(moment: datetime | None) -> str | None:
    """The same, where there may be none."""
    return None if moment is None else instant(moment)
