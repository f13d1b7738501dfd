"""Which files can be read now (contract-downloader 1.4)."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Instant, Payload, instant_or_none
from application.use_cases.check_availability import CheckAvailability, CheckAvailabilityRequest, FileAvailability
from domain.access import Caller, Role
from domain.availability import MOST_CHECKSUMS, Availability


class AvailabilityQuestion(Payload):
    """Files to ask about."""

    checksums: Annotated[list[str], msgspec.Meta(description=f"At most {MOST_CHECKSUMS} different ones.")]


class FileAvailabilityStatus(Payload):
    """What can be said of one file.

    `available` and `expiration_date` are upstream's. `state` says more where `available` is false: RESTORING, it will
    be; UNAVAILABLE, ask for a restoration; ERROR, nothing can be said now, ask again later.
    """

    checksum: str
    available: bool
    state: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [state.value for state in Availability]})]
    expiration_date: Annotated[
        Instant | None, msgspec.Meta(description="Until when it is; absent when it stays available, or is not.")
    ] = msgspec.field(name="expiration_date", default=None)

    @classmethod
    def of(cls, found: FileAvailability) -> "FileAvailabilityStatus":
        """On the wire."""
        return cls(
            checksum=found.checksum,
            available=found.availability.state is Availability.AVAILABLE,
            state=found.availability.state.value,
            expiration_date=instant_or_none(found.availability.until),
        )


_EXAMPLE = [
    {"checksum": "a1", "available": True, "state": "AVAILABLE", "expiration_date": "2026-11-24T10:00:00.000000Z"},
    {"checksum": "b2", "available": False, "state": "UNAVAILABLE"},
]


@post(
    "/files/availability/status",
    **operation(
        "checkFileAvailability",
        "Ask which files can be downloaded now",
        role=Role.PUBLIC,
        tag="files",
        answer=list[FileAvailabilityStatus],
        example=_EXAMPLE,
        problems=(422,),
    ),
)
async def check_file_availability(
    data: JSONBody[AvailabilityQuestion],
    caller: NamedDependency[SkipValidation[Caller]],
    check_availability: NamedDependency[SkipValidation[CheckAvailability]],
) -> list[FileAvailabilityStatus]:
    """Costs no quota. Unknown checksums are absent from the answer.

    Each nearline storage is asked once, within a time limit; its answers are believed for some seconds, for downloads
    as well.
    """
    request = CheckAvailabilityRequest(tenant=caller.tenant, checksums=tuple(data.checksums))
    return [FileAvailabilityStatus.of(found) for found in await check_availability.execute(request)]


route_handlers = (check_file_availability,)
