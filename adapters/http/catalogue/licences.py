"""Licences as administrators set them; accepting them is up to the door that asks for it."""

from typing import Annotated, Any

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation

from adapters.http.catalogue.names import DATASET_EXAMPLE, dataset_of
from adapters.http.documentation import operation
from adapters.http.payloads import Count, Payload
from application.use_cases.manage_licences import ListLicences, PutLicence, WithdrawLicence
from domain.access import Caller, Role
from domain.licence import Licence

CallerDependency = NamedDependency[SkipValidation[Caller]]


class NewLicence(Payload):
    """A licence to bring into force."""

    link: Annotated[str, msgspec.Meta(description="Where its text is to be read.")]
    dataset: Annotated[
        str | None, msgspec.Meta(description="Without it: for everything that has no licence of its own.")
    ] = None
    text_sha256: Annotated[
        str | None,
        msgspec.Meta(description="Of the text. Without it, another link is another text, to be accepted anew."),
    ] = None


class LicencePayload(Payload):
    """A licence in force."""

    link: str
    edition: Annotated[Count, msgspec.Meta(description="Counts how often everybody was asked anew.")]
    dataset: str | None = None
    text_sha256: str | None = None

    @classmethod
    def of(cls, licence: Licence) -> "LicencePayload":
        """The licence on the wire."""
        return cls(
            link=licence.link,
            edition=licence.edition,
            dataset=None if licence.dataset is None else str(licence.dataset),
            text_sha256=licence.text_sha256,
        )


_EXAMPLE = {"link": "https://archive.example.org/licence.html", "edition": 0, "dataset": DATASET_EXAMPLE}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="licences", **more)


@get("/licences", **_operation("listLicences", "List licences", answer=list[LicencePayload], example=[_EXAMPLE]))
async def list_all_licences(
    caller: CallerDependency, list_licences: NamedDependency[SkipValidation[ListLicences]]
) -> list[LicencePayload]:
    """Those in force: the tenant's first, then those of datasets."""
    return [LicencePayload.of(licence) for licence in await list_licences.execute(caller.tenant)]


@put(
    "/licences",
    **_operation("putLicence", "Bring a licence into force", answer=LicencePayload, example=_EXAMPLE, problems=(422,)),
)
async def put_new_licence(
    data: JSONBody[NewLicence], caller: CallerDependency, put_licence: NamedDependency[SkipValidation[PutLicence]]
) -> LicencePayload:
    """Replaces the one in force. Another text is accepted anew by everybody; the same text is not."""
    licence = Licence(
        tenant=caller.tenant, dataset=dataset_of(data.dataset), link=data.link, text_sha256=data.text_sha256
    )
    return LicencePayload.of(await put_licence.execute(licence))


@delete("/licences", **_operation("withdrawLicence", "Withdraw a licence", status=204, problems=(404,)))
async def delete_licence(
    caller: CallerDependency,
    withdraw_licence: NamedDependency[SkipValidation[WithdrawLicence]],
    dataset: Annotated[str | None, QueryParameter(description="Without it: the tenant's.")] = None,
) -> None:
    """A dataset falls back to the licence of the tenant. What was accepted stays on record."""
    await withdraw_licence.execute(caller.tenant, dataset_of(dataset))


route_handlers = (list_all_licences, put_new_licence, delete_licence)
