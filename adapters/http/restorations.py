"""Having nearline files restored: groups of files, asked for together (DESIGN section 7)."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.documentation import operation
from adapters.http.errors import RESTORATIONS
from adapters.http.file_payloads import Checksum
from adapters.http.payloads import Count, Instant, Payload, instant, instant_or_none
from application.use_cases.end_restorations import CancelRestoration, EndRestorationRequest, ReleaseRestoration
from application.use_cases.read_restorations import FileView, GroupView, ReadRestorations
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound
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


_SUMMARY = {
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
_GROUP = {**_SUMMARY, "estimatedSeconds": 14400, "files": [_FILE]}

CallerDependency = NamedDependency[SkipValidation[Caller]]
ReadDependency = NamedDependency[SkipValidation[ReadRestorations]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.EXPLOIT, tag="restorations", **more)


@post(
    RESTORATIONS,
    **_operation(
        "requestRestoration",
        "Ask for files",
        answer=RestorationGroup,
        example=_GROUP,
        status=202,
        problems=(409, 422),
    ),
)
async def request_files(
    data: JSONBody[NewRestoration],
    caller: CallerDependency,
    request_restoration: NamedDependency[SkipValidation[RequestRestoration]],
    read_restorations: ReadDependency,
) -> Response[RestorationGroup]:
    """Files that are readable are answered at once; the others are restored. `Location` tells how it goes on."""
    if not data.checksums:
        raise InvalidValue("checksums names at least one file.")
    asked = await request_restoration.execute(
        RequestRestorationRequest(
            tenant=caller.tenant,
            group_id=data.group_id,
            checksums=tuple(data.checksums),
            available_hours=data.availability_hours,
            requested_by=caller.email,
        )
    )
    view = await read_restorations.execute(caller.tenant, asked.group_id)
    location = f"{RESTORATIONS}/{quote(asked.group_id, safe='')}"
    return Response(RestorationGroup.of(view), headers={"location": location, "cache-control": "no-store"})


@get(
    RESTORATIONS,
    **_operation("listRestorations", "List groups", answer=RestorationListing, example={"groups": [_SUMMARY]}),
)
async def list_groups(
    caller: CallerDependency,
    read_restorations: ReadDependency,
    after: Annotated[str | None, QueryParameter(description="`nextAfter` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Entries on one page.")] = 100,
) -> RestorationListing:
    """Groups of the tenant by id, without their files. Ended ones stay for 30 days."""
    page = await read_restorations.page(caller.tenant, after=after, limit=limit)
    return RestorationListing(
        groups=[RestorationSummary.of(group) for group in page.groups], next_after=page.next_after
    )


@get(
    f"{RESTORATIONS}/{{group_id:str}}",
    **operation(
        "readRestoration",
        "Read a group",
        role=Role.REGISTERED_USER,
        tag="restorations",
        answer=RestorationGroup,
        example=_GROUP,
        problems=(404,),
    ),
)
async def read_group(
    group_id: FromPath[str], caller: CallerDependency, read_restorations: ReadDependency
) -> RestorationGroup:
    """Each file with its state, and how long it may still take, judged by what its storage needed before.

    Users read the groups that they have asked for themselves, EXPLOIT and stronger roles all.
    """
    view = await read_restorations.execute(caller.tenant, group_id)
    if view.requested_by != caller.email and not caller.role.is_at_least(Role.EXPLOIT):
        raise NotFound(f"There is no restoration group {group_id!r}.")
    return RestorationGroup.of(view)


@delete(
    f"{RESTORATIONS}/{{group_id:str}}",
    **_operation("cancelRestoration", "Cancel a group", status=204, problems=(404,)),
)
async def cancel_group(
    group_id: FromPath[str],
    caller: CallerDependency,
    cancel_restoration: NamedDependency[SkipValidation[CancelRestoration]],
) -> None:
    """What it waits for is cancelled, unless another group waits for it, too. What is available stays until it ends."""
    await cancel_restoration.execute(EndRestorationRequest(tenant=caller.tenant, group_id=group_id))


@post(
    f"{RESTORATIONS}/{{group_id:str}}/release",
    **_operation("releaseRestoration", "Give files back", status=204, problems=(404, 422)),
)
async def release_group(
    group_id: FromPath[str],
    data: JSONBody[ReleasedFiles | None],
    caller: CallerDependency,
    release_restoration: NamedDependency[SkipValidation[ReleaseRestoration]],
) -> None:
    """Before their time. A file leaves the cache when no other group counts on it; what is waited for is cancelled."""
    wanted = None if data is None or data.checksums is None else tuple(data.checksums)
    await release_restoration.execute(EndRestorationRequest(tenant=caller.tenant, group_id=group_id, checksums=wanted))


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


of_a_group = (read_group,)
of_operators = (request_files, list_groups, cancel_group, release_group)
