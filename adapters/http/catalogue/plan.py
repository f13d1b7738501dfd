"""What a cart of files would meet, said before the first byte is asked for (issue 5, item 7)."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from adapters.http.catalogue.cart import CartFile, CartFiles
from adapters.http.catalogue.names import PRODUCT_EXAMPLE
from adapters.http.documentation import operation
from adapters.http.payloads import Count, Instant, Payload, instant_or_none
from adapters.http.problems import ACCESS_REFUSALS
from application.use_cases.plan_downloads import LONGEST_RESERVATION, Plan, PlanDownloads, PlannedFile
from domain.access import Caller, Role
from domain.availability import Availability
from domain.product_access import Allowed, Locked

LONGEST = int(LONGEST_RESERVATION.total_seconds())

# The bounds are in the document only: the rule refuses what is outside of them with its own sentence.
Seconds = Annotated[
    int,
    msgspec.Meta(
        description="For how long the units are set aside. What is asked for last counts: 1 gives them back.",
        extra_json_schema={"minimum": 1, "maximum": LONGEST},
    ),
]


class PlannedCart(Payload):
    """Files of products, and how much of them is there already."""

    files: CartFiles
    reserve: Annotated[
        bool,
        msgspec.Meta(description="Set the units of all files that you may have aside, or of none if they do not fit."),
    ] = False
    reserve_seconds: Seconds = 3600


class PlannedFileModel(Payload, kw_only=True):
    """One file."""

    urn: str
    checksum: str
    allowed: bool
    reason: Annotated[str | None, msgspec.Meta(description="Why not: the type of the problem.")] = None
    license: Annotated[str | None, msgspec.Meta(description="What to accept first.")] = None
    file_name: str | None = None
    size_bytes: Count | None = None
    uri: Annotated[str | None, msgspec.Meta(description="Where a file lies that is not here.")] = None
    state: Annotated[
        str | None,
        msgspec.Meta(
            description="Absent for a file that is not here.",
            extra_json_schema={"enum": [state.value for state in Availability]},
        ),
    ] = None
    available_until: Instant | None = None
    estimated_seconds: Annotated[
        Count | None, msgspec.Meta(description="How long a restoration may take, were it asked for now.")
    ] = None
    units: Annotated[
        Count, msgspec.Meta(description="Of the quota; 0 when it is not counted, goes on, or is set aside.")
    ]
    reserved_until: Annotated[
        Instant | None, msgspec.Meta(description="Its unit is set aside until then, and counts as used.")
    ] = None

    @classmethod
    def of(cls, file: PlannedFile) -> "PlannedFileModel":
        """On the wire."""
        decision, said = file.decision, file.availability
        if not isinstance(decision, Allowed):
            link = decision.licence.link if isinstance(decision, Locked) else None
            reason = ACCESS_REFUSALS[type(decision)].type
            return cls(urn=str(file.urn), checksum=file.checksum, allowed=False, reason=reason, license=link, units=0)
        entry = decision.entry
        return cls(
            urn=str(file.urn),
            checksum=file.checksum,
            allowed=True,
            file_name=entry.file_name,
            size_bytes=entry.size_bytes if file.size_bytes is None else file.size_bytes,
            uri=entry.uri if entry.is_reference and said is None else None,
            state=None if said is None else said.state.value,
            available_until=None if said is None else instant_or_none(said.until),
            estimated_seconds=file.seconds,
            units=file.units,
            reserved_until=instant_or_none(file.reserved_until),
        )


class PlanModel(Payload, kw_only=True):
    """The whole cart. Without `reserve` nothing is promised: another download may come first."""

    files: list[PlannedFileModel]
    units: Annotated[Count, msgspec.Meta(description="That the files still take, together.")]
    used: Annotated[Count, msgspec.Meta(description="Units that you have used, with those that are set aside.")]
    max_quota: Annotated[int, msgspec.Meta(description="-1 is no limit.")]
    fits: Annotated[bool, msgspec.Meta(description="Whether all units together can be charged now.")]
    reserved_until: Annotated[
        Instant | None,
        msgspec.Meta(
            description="Only where it was asked for and fits: every unit of the cart is set aside until then."
        ),
    ] = None

    @classmethod
    def of(cls, plan: Plan) -> "PlanModel":
        """On the wire."""
        return cls(
            files=[PlannedFileModel.of(file) for file in plan.files],
            units=plan.units,
            used=plan.used,
            max_quota=plan.limit,
            fits=plan.fits,
            reserved_until=instant_or_none(plan.reserved_until),
        )


_FILE = {
    "urn": PRODUCT_EXAMPLE,
    "checksum": "9e107d9d372bb6826bd81d3542a419d6",
    "allowed": True,
    "fileName": "scene.tif",
    "sizeBytes": 190,
    "state": "UNAVAILABLE",
    "estimatedSeconds": 14400,
    "units": 1,
}


@post(
    "/downloads/plan",
    **operation(
        "planDownloads",
        "Ask what a cart of files would meet",
        role=Role.PUBLIC,
        tag="downloads",
        answer=PlanModel,
        example={"files": [_FILE], "units": 1, "used": 3, "maxQuota": 100, "fits": True},
        problems=(403, 422),
    ),
)
async def plan_cart(
    data: JSONBody[PlannedCart],
    caller: NamedDependency[SkipValidation[Caller]],
    plan_downloads: NamedDependency[SkipValidation[PlanDownloads]],
) -> PlanModel:
    """For each file whether you may have it, whether it sleeps and for how long, and the unit that it would take.

    Nothing is charged, and without `reserve` nothing is promised: what fits now may not fit when another download
    has come first. With `reserve` the units are set aside until `reservedUntil`. Your own download of such a file, with
    your token and not through a link with a ticket, uses what was set aside; what you have not begun by then is given
    back a few seconds later. Slots are not set aside, and rights and licences are judged anew at each download.
    """
    reserve_for = timedelta(seconds=max(0, min(data.reserve_seconds, LONGEST + 1))) if data.reserve else None
    files = [CartFile.wanted(file) for file in data.files]
    return PlanModel.of(await plan_downloads.execute(caller, files, reserve_for=reserve_for))


route_handlers = (plan_cart,)
