"""Running transfers: seen and ended by their own user, and by administrators."""

from typing import Annotated

import msgspec
from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Count, Instant, Payload, instant
from application.use_cases.end_transfer import EndTransfer, EndTransferRequest
from application.use_cases.list_transfers import ListTransfers, ListTransfersRequest, TransferView
from domain.access import Caller, Role


class RunningTransfer(Payload, kw_only=True):
    """One response body in flight."""

    id: str
    email: Annotated[str, msgspec.Meta(description="Whose download it is; `ticket:<id>` for one that nobody pays.")]
    checksum: str
    file_name: str | None = None
    start: Annotated[Count, msgspec.Meta(description="First byte of the file that this transfer sends.")]
    reserved_bytes: Annotated[Count, msgspec.Meta(description="How many bytes it is to send.")]
    delivered_bytes: Annotated[Count, msgspec.Meta(description="How many it had sent when last reported.")]
    started_at: Instant
    client: str
    instance: Annotated[str, msgspec.Meta(description="The instance of this service that sends it.")]
    ending: Annotated[bool, msgspec.Meta(description="Somebody asked for its end, which is due within seconds.")]

    @classmethod
    def of(cls, view: TransferView) -> "RunningTransfer":
        """The transfer as last reported."""
        return cls(
            id=view.id,
            email=view.email,
            checksum=view.checksum,
            file_name=view.file_name,
            start=view.start,
            reserved_bytes=view.reserved_bytes,
            delivered_bytes=view.delivered_bytes,
            started_at=instant(view.started_at),
            client=view.client,
            instance=view.instance,
            ending=view.is_ending,
        )


_EXAMPLE = {
    "id": "2f1c8d0a",
    "email": "user@x.org",
    "checksum": "9e107d9d372bb6826bd81d3542a419d6",
    "fileName": "image.tif",
    "start": 0,
    "reservedBytes": 1073741824,
    "deliveredBytes": 4194304,
    "startedAt": "2026-11-21T09:00:00.000000Z",
    "client": "192.0.2.7 curl/8.5.0",
    "instance": "host-1",
    "ending": False,
}


@get(
    "/quota/current/transfers",
    **operation(
        "getRunningTransfers",
        "List running transfers",
        role=Role.REGISTERED_USER,
        tag="quota",
        answer=list[RunningTransfer],
        example=[_EXAMPLE],
    ),
)
async def list_running_transfers(
    caller: NamedDependency[SkipValidation[Caller]],
    list_transfers: NamedDependency[SkipValidation[ListTransfers]],
    user_email: Annotated[str | None, QueryParameter(description="Another user; needs ADMIN.")] = None,
    everybody: Annotated[bool, QueryParameter(name="all", description="Every user's; needs ADMIN.")] = False,  # noqa: FBT002 — a query parameter is given by name.
) -> list[RunningTransfer]:
    """The caller's own transfers, oldest first; each holds one of the downloads that rateLimit counts."""
    email = None if everybody else user_email or caller.email
    views = await list_transfers.execute(ListTransfersRequest(caller=caller, email=email))
    return [RunningTransfer.of(view) for view in views]


@delete(
    "/quota/current/transfers/{transfer_id:str}",
    **operation(
        "endTransfer", "End a running transfer", role=Role.REGISTERED_USER, tag="quota", status=204, problems=(404,)
    ),
)
async def end_running_transfer(
    transfer_id: FromPath[str],
    caller: NamedDependency[SkipValidation[Caller]],
    end_transfer: NamedDependency[SkipValidation[EndTransfer]],
) -> None:
    """Its connection is cut within seconds, and what it had not delivered is given back."""
    await end_transfer.execute(EndTransferRequest(caller=caller, transfer_id=transfer_id))


route_handlers = (list_running_transfers, end_running_transfer)
