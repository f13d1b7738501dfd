"""Licences as users meet them: which one is asked for, and accepting it (contract-catalog section 2.5)."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from adapters.http.addresses import own_root, segment
from adapters.http.catalogue.names import dataset_of
from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from application.use_cases.manage_licences import AcceptLicence, ResetLicence
from application.use_cases.read_licence import LicenceView, ReadLicence
from domain.access import Caller, Role
from domain.urn import Urn

CallerRequest = Request[Caller, Any, Any]
ReadDependency = NamedDependency[SkipValidation[ReadLicence]]
AcceptDependency = NamedDependency[SkipValidation[AcceptLicence]]
ResetDependency = NamedDependency[SkipValidation[ResetLicence]]


class LicenceLink(Payload):
    """What can be done with it, and where."""

    rel: str
    href: str


class LicenceContent(Payload):
    """A licence and whether the caller has accepted it."""

    accepted: bool
    license_link: Annotated[str, msgspec.Meta(description="Empty when nothing is to be accepted.")]


class LicenceModel(Payload):
    """A licence in upstream's envelope."""

    content: LicenceContent
    links: list[LicenceLink]


_EXAMPLE = {
    "content": {"accepted": False, "licenseLink": "https://archive.example.org/licence.html"},
    "links": [
        {"rel": "self", "href": "http://localhost:9053/license"},
        {"rel": "update", "href": "http://localhost:9053/license"},
    ],
}


def _operation(operation_id: str, summary: str, role: Role = Role.PUBLIC, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=role, tag="licences", **more)


@get("/license", **_operation("readLicense", "Read the licence", answer=LicenceModel, example=_EXAMPLE))
async def read_tenant_licence(request: CallerRequest, read_licence: ReadDependency) -> LicenceModel:
    """That of the tenant: for everything that has no licence of its own."""
    return await _model(request, read_licence, None)


@put("/license", **_operation("acceptLicense", "Accept the licence", answer=LicenceModel, example=_EXAMPLE))
async def accept_tenant_licence(
    request: CallerRequest, read_licence: ReadDependency, accept_licence: AcceptDependency
) -> LicenceModel:
    """On record is who accepted which text, and when. The anonymous user is refused: it is nobody."""
    return await _accepted(request, read_licence, accept_licence, None)


@put(
    "/license/reset",
    **_operation("resetLicense", "Have everybody accept the licence anew", Role.ADMIN, status=204, problems=(404,)),
)
async def reset_tenant_licence(request: CallerRequest, reset_licence: ResetDependency) -> None:
    """What was accepted before stays on record, and counts no more."""
    await reset_licence.execute(request.user.tenant, None)


@get(
    "/datasets/{urn:str}/license",
    **_operation(
        "readDatasetLicense", "Read the licence of a dataset", answer=LicenceModel, example=_EXAMPLE, problems=(404,)
    ),
)
async def read_dataset_licence(
    urn: FromPath[str], request: CallerRequest, read_licence: ReadDependency
) -> LicenceModel:
    """Its own, or else that of the tenant."""
    return await _model(request, read_licence, dataset_of(urn))


@put(
    "/datasets/{urn:str}/license",
    **_operation(
        "acceptDatasetLicense",
        "Accept the licence of a dataset",
        answer=LicenceModel,
        example=_EXAMPLE,
        problems=(404,),
    ),
)
async def accept_dataset_licence(
    urn: FromPath[str],
    request: CallerRequest,
    read_licence: ReadDependency,
    accept_licence: AcceptDependency,
) -> LicenceModel:
    """Whichever is in force for it: its own, or else that of the tenant."""
    return await _accepted(request, read_licence, accept_licence, dataset_of(urn))


@put(
    "/datasets/{urn:str}/license/reset",
    **_operation(
        "resetDatasetLicense",
        "Have everybody accept the licence of a dataset anew",
        Role.ADMIN,
        status=204,
        problems=(404,),
    ),
)
async def reset_dataset_licence(urn: FromPath[str], request: CallerRequest, reset_licence: ResetDependency) -> None:
    """Only its own; the tenant's is reset at `/license/reset`."""
    await reset_licence.execute(request.user.tenant, dataset_of(urn))


async def _model(request: CallerRequest, read_licence: ReadLicence, dataset: Urn | None) -> LicenceModel:
    view = await read_licence.execute(request.user, dataset)
    link = "" if view.licence is None else view.licence.link
    content = LicenceContent(accepted=view.is_accepted, license_link=link)
    return LicenceModel(content=content, links=_links(request, view, dataset))


async def _accepted(
    request: CallerRequest, read_licence: ReadLicence, accept_licence: AcceptLicence, dataset: Urn | None
) -> LicenceModel:
    view = await read_licence.execute(request.user, dataset)
    if view.licence is not None:
        await accept_licence.execute(request.user, view.licence.dataset)
    return await _model(request, read_licence, dataset)


def _links(request: CallerRequest, view: LicenceView, dataset: Urn | None) -> list[LicenceLink]:
    """What this caller may do next, in upstream's words."""
    address = own_root(request) + ("/license" if dataset is None else f"/datasets/{segment(str(dataset))}/license")
    links = [LicenceLink(rel="self", href=address)]
    if view.licence is not None and request.user.role is not Role.PUBLIC:
        links.append(LicenceLink(rel="update", href=address))
    if view.licence is not None and request.user.role.is_at_least(Role.ADMIN):
        links.append(LicenceLink(rel="delete", href=f"{address}/reset"))
    return links


route_handlers = (
    read_tenant_licence,
    accept_tenant_licence,
    reset_tenant_licence,
    read_dataset_licence,
    accept_dataset_licence,
    reset_dataset_licence,
)
