"""Having nearline files restored: groups of files, asked for together (DESIGN section 7)."""

from typing import Annotated, Any
from urllib.parse import quote

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.documentation import operation
from adapters.http.errors import RESTORATIONS
from adapters.http.restoration_payloads import (
    GROUP_EXAMPLE,
    SUMMARY_EXAMPLE,
    NewRestoration,
    ReleasedFiles,
    RestorationGroup,
    RestorationListing,
    RestorationSummary,
)
from application.use_cases.end_restorations import CancelRestoration, EndRestorationRequest, ReleaseRestoration
from application.use_cases.read_restorations import ReadRestorations
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound

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
        example=GROUP_EXAMPLE,
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
    **_operation("listRestorations", "List groups", answer=RestorationListing, example={"groups": [SUMMARY_EXAMPLE]}),
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
        example=GROUP_EXAMPLE,
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


of_a_group = (read_group,)
of_operators = (request_files, list_groups, cancel_group, release_group)
