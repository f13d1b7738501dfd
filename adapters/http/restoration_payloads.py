"""How groups of files to restore look on the wire."""

from typing import Annotated, Any

import msgspec

from adapters.http.file_payloads import Checksum
from adapters.http.payloads import Count, Instant, Payload, instant, instant_or_none
from application.use_cases.read_restorations import FileView, GroupView
from domain.restoration import DEFAULT_HOURS, MOST_FILES, MOST_HOURS

State = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["PENDING", "SUCCESS", "ERROR", "CANCELLED"]})]
FileState = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"enum": ["REQUESTED", "RESTORING", "AVAILABLE", "FAILED", "CANCELLED", "RELEASED"]}
    ),
]


class NewRestoration(Payload):
    """Files that are to be readable for some hours."""

    checksums: Annotated[
        list[Checksum],
        msgspec.Meta(description="Which files.", extra_json_schema={"minItems": 1, "maxItems": MOST_FILES}),
    ]
    availability_hours: Annotated[
        int, msgspec.Meta(description="For how long.", extra_json_schema={"minimum": 1, "maximum": MOST_HOURS})
    ] = DEFAULT_HOURS
    group_id: Annotated[
        str | None,
        msgspec.Meta(
            description="Your name for the group: asking again the same does nothing. Made here when absent.",
            extra_json_schema={"minLength": 1, "maxLength": 128},
        ),
    ] = None


class ReleasedFiles(Payload):
    """Which files of a group are given back; all when absent."""

    checksums: list[Checksum] | None = None


class RestoredFile(Payload, kw_only=True):
    """One file of a group."""

    checksum: str
    state: FileState
    available_until: Annotated[Instant | None, msgspec.Meta(description="Absent when it stays readable.")] = None
    reason: Annotated[str | None, msgspec.Meta(description="Why it failed, or failed the last time.")] = None
    size_bytes: Count | None = None
    restored_bytes: Annotated[Count | None, msgspec.Meta(description="Copied into the cache so far.")] = None
    estimated_seconds: Annotated[Count | None, msgspec.Meta(description="How long it may still take.")] = None

    @classmethod
    def of(cls, view: FileView) -> "RestoredFile":
        """The file as it is now."""
        return cls(
            checksum=view.checksum,
            state=view.state,
            available_until=instant_or_none(view.available_until),
            reason=view.reason,
            size_bytes=view.size_bytes,
            restored_bytes=view.restored_bytes,
            estimated_seconds=view.estimated_seconds,
        )


class RestorationProgress(Payload, kw_only=True):
    """The files of a group, counted. Those that are in none of these were cancelled or given back."""

    files: Count
    waiting: Count
    available: Count
    failed: Count


class RestorationSummary(Payload, kw_only=True):
    """A group without its files."""

    group_id: str
    state: State
    availability_hours: int
    requested_at: Instant
    requested_by: str | None = None
    ended_at: Instant | None = None
    progress: RestorationProgress

    @classmethod
    def of(cls, view: GroupView) -> "RestorationSummary":
        """The group as it is now."""
        return cls(**_fields(view))


class RestorationGroup(RestorationSummary, kw_only=True):
    """A group with its files."""

    estimated_seconds: Annotated[Count | None, msgspec.Meta(description="Until the last of its files.")] = None
    files: list[RestoredFile]

    @classmethod
    def of(cls, view: GroupView) -> "RestorationGroup":
        """The group as it is now."""
        files = [RestoredFile.of(file) for file in view.files]
        return cls(**_fields(view), estimated_seconds=view.estimated_seconds, files=files)


class RestorationListing(Payload):
    """Groups; `nextAfter`, sent as `after`, continues the listing."""

    groups: list[RestorationSummary]
    next_after: str | None = None


def _fields(view: GroupView) -> dict[str, Any]:
    counts = view.counts
    return {
        "group_id": view.group_id,
        "state": view.state,
        "availability_hours": view.available_hours,
        "requested_at": instant(view.requested_at),
        "requested_by": view.requested_by,
        "ended_at": instant_or_none(view.ended_at),
        "progress": RestorationProgress(
            files=counts.waiting + counts.available + counts.failed + counts.others,
            waiting=counts.waiting,
            available=counts.available,
            failed=counts.failed,
        ),
    }


SUMMARY_EXAMPLE = {
    "groupId": "order-17",
    "state": "PENDING",
    "availabilityHours": 24,
    "requestedAt": "2026-11-21T09:00:00.000000Z",
    "requestedBy": "operator@x.org",
    "progress": {"files": 1, "waiting": 1, "available": 0, "failed": 0},
}
_FILE = {
    "checksum": "9e107d9d372bb6826bd81d3542a419d6",
    "state": "RESTORING",
    "sizeBytes": 1048576,
    "restoredBytes": 0,
    "estimatedSeconds": 14400,
}
GROUP_EXAMPLE = {**SUMMARY_EXAMPLE, "estimatedSeconds": 14400, "files": [_FILE]}
