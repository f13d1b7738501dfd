"""The front door: files of products, for whoever may have them (contract-catalog section 1)."""

from typing import Annotated, Any
from urllib.parse import urlencode

import attrs
from litestar import Request, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.addresses import own_root, segment
from adapters.http.answering import AnswerResponse
from adapters.http.catalogue.names import urn_of
from adapters.http.catalogue.refusals import access_refusal
from adapters.http.download_docs import PRODUCT_DOWNLOAD, PRODUCT_DOWNLOAD_BY_NAME
from adapters.http.downloads import GET_AND_HEAD, Inline, download_answer
from adapters.http.errors import answer_for
from adapters.http.roles import at_least
from application.use_cases.decide_access import DecideAccess, DecideAccessRequest
from application.use_cases.deliver_file import DeliverFile
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.errors import FileNotReadable, LiesElsewhere, NotFound, RestorationNeeded
from domain.product import FileEntry
from domain.product_access import Allowed

Accepting = Annotated[
    bool | None,
    QueryParameter(
        name="acceptLicense",
        description="Accept the licence that stands in the way. Kept for clients of upstream; others use PUT /license.",
    ),
]


@attrs.frozen
class FrontDoor:
    """What a request needs here, as one dependency: Litestar starts a task group to resolve several."""

    decide_access: DecideAccess
    deliver_file: DeliverFile


@route(
    "/downloads/{urn:str}/files/{checksum:str}",
    http_method=GET_AND_HEAD,
    opt=at_least(Role.PUBLIC),
    **PRODUCT_DOWNLOAD,
)
async def download_product_file(
    request: Request[Caller, Any, Any],
    urn: FromPath[str],
    checksum: FromPath[str],
    front_door: NamedDependency[SkipValidation[FrontDoor]],
    inline: Inline = None,
    accepting: Accepting = None,
) -> ASGIApp:
    """A file of a product that the caller sees, charged to the caller's own account."""
    return await _answer(request, urn, (checksum,), front_door, inline=inline, accepting=accepting)


@route(
    "/downloads/{urn:str}/files/{checksum:str}/{filename:str}",
    http_method=GET_AND_HEAD,
    opt=at_least(Role.PUBLIC),
    **PRODUCT_DOWNLOAD_BY_NAME,
)
async def download_product_file_by_name(
    request: Request[Caller, Any, Any],
    urn: FromPath[str],
    checksum: FromPath[str],
    filename: FromPath[str],
    front_door: NamedDependency[SkipValidation[FrontDoor]],
    inline: Inline = None,
    accepting: Accepting = None,
) -> ASGIApp:
    """The same file, for clients that name what they save after the last segment; ``filename`` chooses nothing."""
    return await _answer(request, urn, (checksum, filename), front_door, inline=inline, accepting=accepting)


async def _answer(
    request: Request[Caller, Any, Any],
    urn: str,
    names: tuple[str, ...],
    front_door: FrontDoor,
    *,
    inline: bool | None,
    accepting: bool | None,
) -> ASGIApp:
    checksum = names[0]
    decision = await front_door.decide_access.execute(
        DecideAccessRequest(
            caller=request.user,
            urn=urn_of(urn),
            checksum=checksum,
            accepts_licence=bool(accepting),
            records=request.method != HttpMethod.HEAD,
        )
    )
    if not isinstance(decision, Allowed):
        refusal = access_refusal(
            decision,
            accept_url=accept_url(request, urn, names, inline=inline),
            accept=request.headers.get("accept", ""),
        )
        assert refusal is not None, "everything but Allowed is a refusal"
        return AnswerResponse(refusal).to_asgi_response(None, request)
    answer = download_answer(
        request,
        front_door.deliver_file,
        account=AccountKey.of_user(request.user.tenant, request.user.email),
        checksum=checksum,
        inline=bool(inline),
        file_name=decision.entry.file_name,
    )
    return _Found(answer, decision.entry, request, restorations=f"/restore/{segment(urn)}", is_kept=not accepting)


def accept_url(request: Request[Caller, Any, Any], urn: str, names: tuple[str, ...], *, inline: bool | None) -> str:
    """The same request with ``acceptLicense``; whoever follows it has to say again who they are."""
    query = {} if inline is None else {"isContentInline": str(inline).lower()}
    path = "/".join(segment(name) for name in names)
    return f"{own_root(request)}/downloads/{segment(urn)}/files/{path}?{urlencode({**query, 'acceptLicense': 'true'})}"


class _Found:
    """The answer of the pipeline, in the words of the catalogue.

    A reference that is not here lies elsewhere, and what sleeps is restored with its product.

    What a licence was accepted with is kept by nobody: sent once more it would accept once more.
    """

    def __init__(
        self,
        answer: ASGIApp,
        entry: FileEntry,
        request: Request[Caller, Any, Any],
        *,
        restorations: str,
        is_kept: bool,
    ) -> None:
        self._answer = answer
        self._entry = entry
        self._request = request
        self._restorations = restorations
        self._is_kept = is_kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send if self._is_kept else _keeping_nothing(send))
        except RestorationNeeded as error:
            # Everybody who may have the file may ask for it here, and not where operators do.
            answer = answer_for(error, accept=self._request.headers.get("accept", ""), restorations=self._restorations)
            await AnswerResponse(answer).to_asgi_response(None, self._request)(scope, receive, send)
        except (NotFound, FileNotReadable) as error:
            if self._entry.is_reference and self._entry.uri is not None:
                raise LiesElsewhere(self._entry.uri) from error
            raise


def _keeping_nothing(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            others = [(name, value) for name, value in message["headers"] if name != b"cache-control"]
            message["headers"] = [*others, (b"cache-control", b"no-store")]
        await send(message)

    return sent


route_handlers = (download_product_file, download_product_file_by_name)
