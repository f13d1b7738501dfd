"""Rights of groups on datasets (contract-catalog section 2.1)."""

from typing import Annotated, Any

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter, SkipValidation

from adapters.http.catalogue.names import DATASET_EXAMPLE, dataset_of, urn_of
from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from application.use_cases.manage_rights import ListRights, RemoveRight, SaveRight
from domain.access import Caller, Role
from domain.rights import AccessRight, FileLevel, MetadataLevel

CallerDependency = NamedDependency[SkipValidation[Caller]]


class RightPayload(Payload):
    """The right of one group on one dataset."""

    group: str
    dataset: Annotated[str, msgspec.Meta(description="A URN; the right is on all versions of the dataset.")]
    metadata_access_level: MetadataLevel
    file_access_level: FileLevel

    @classmethod
    def of(cls, right: AccessRight) -> "RightPayload":
        """The right on the wire."""
        return cls(
            group=right.group,
            dataset=str(right.dataset),
            metadata_access_level=right.metadata_level,
            file_access_level=right.file_level,
        )


_EXAMPLE = {
    "group": "readers",
    "dataset": DATASET_EXAMPLE,
    "metadataAccessLevel": "FULL_ACCESS",
    "fileAccessLevel": "INHERITED_ACCESS",
}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="access", **more)


@get("/accessrights", **_operation("listRights", "List rights", answer=list[RightPayload], example=[_EXAMPLE]))
async def list_access_rights(
    caller: CallerDependency,
    list_rights: NamedDependency[SkipValidation[ListRights]],
    group: Annotated[str | None, QueryParameter(description="Only those of this group.")] = None,
    dataset: Annotated[str | None, QueryParameter(description="Only those on this dataset.")] = None,
) -> list[RightPayload]:
    """By dataset and group."""
    found = await list_rights.execute(caller.tenant, group=group, dataset=dataset_of(dataset))
    return [RightPayload.of(right) for right in found]


@put(
    "/accessrights",
    **_operation(
        "saveRight",
        "Give a group a right on a dataset",
        answer=RightPayload,
        example=_EXAMPLE,
        problems=(404, 409, 422),
    ),
)
async def put_access_right(
    data: JSONBody[RightPayload],
    caller: CallerDependency,
    save_right: NamedDependency[SkipValidation[SaveRight]],
) -> RightPayload:
    """Replaces the right that the group has, from the next request on. The dataset need not be catalogued yet.

    CUSTOM_ACCESS is refused: it needs an access plugin to narrow it down, and there are none here.
    """
    right = AccessRight(
        tenant=caller.tenant,
        group=data.group,
        dataset=urn_of(data.dataset).virtual_id,
        metadata_level=data.metadata_access_level,
        file_level=data.file_access_level,
    )
    await save_right.execute(right)
    return RightPayload.of(right)


@delete("/accessrights", **_operation("removeRight", "Take a right away", status=204, problems=(404,)))
async def delete_access_right(
    caller: CallerDependency,
    remove_right: NamedDependency[SkipValidation[RemoveRight]],
    group: FromQuery[str],
    dataset: FromQuery[str],
) -> None:
    """It counts from the next request on; a download that runs is not ended."""
    await remove_right.execute(caller.tenant, group, urn_of(dataset))


route_handlers = (list_access_rights, put_access_right, delete_access_right)
