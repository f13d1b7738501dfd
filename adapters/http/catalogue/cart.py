"""Files of products in one document for a download manager: a product or a cart as Metalink (RFC 5854)."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.addresses import own_root, segment
from adapters.http.catalogue.names import PRODUCT_EXAMPLE, urn_of
from adapters.http.catalogue.tickets import ticket_url
from adapters.http.documentation import operation
from adapters.http.file_payloads import Checksum
from adapters.http.metalink import MEDIA_TYPE, MetalinkFile, metalink, safe_name
from adapters.http.payloads import Count, Payload
from application.use_cases.choose_files import MOST_FILES, ChooseFiles, ChosenFile, WantedFile
from application.use_cases.issue_product_ticket import (
    IssuedProductTicket,
    IssueProductTicket,
    IssueProductTicketRequest,
)
from domain.access import Caller, Role
from domain.errors import Forbidden, InvalidValue, TooMany

MOST_TICKETS = 100
"""Links with tickets in one document."""

CallerRequest = Request[Caller, Any, Any]
ChooseDependency = NamedDependency[SkipValidation[ChooseFiles]]


class CartFile(Payload):
    """One file of a product."""

    urn: Annotated[str, msgspec.Meta(examples=[PRODUCT_EXAMPLE])]
    checksum: Checksum
    offset: Annotated[Count, msgspec.Meta(description="How much of it you have already, in bytes.")] = 0

    def wanted(self) -> WantedFile:
        """As the use cases know it. Raises ``ValidationException`` for a bad URN."""
        return WantedFile(urn_of(self.urn), self.checksum, self.offset)


CartFiles = Annotated[
    list[CartFile],
    msgspec.Meta(description="1 to 1000.", extra_json_schema={"minItems": 1, "maxItems": MOST_FILES}),
]


class Cart(Payload):
    """Files of products."""

    files: CartFiles
    tickets: Annotated[bool, msgspec.Meta(description="Links that work without a token; of 100 files at most.")] = False


def _operation(operation_id: str, summary: str, *, problems: tuple[int, ...]) -> dict[str, Any]:
    described = operation(operation_id, summary, role=Role.PUBLIC, tag="downloads", answer=bytes, problems=problems)
    document = ResponseSpec(
        data_container=bytes, generate_examples=False, description="A Metalink document.", media_type=MEDIA_TYPE
    )
    return {**described, "responses": {**described["responses"], 200: document}, "media_type": MEDIA_TYPE}


@get("/downloads/{urn:str}/metalink", **_operation("readMetalink", "A product as Metalink", problems=(404, 423)))
async def read_metalink(request: CallerRequest, urn: FromPath[str], choose_files: ChooseDependency) -> Response[bytes]:
    """All its files that you may have, with sizes and digests. Send your token with each download."""
    chosen = await choose_files.of_product(request.user, urn_of(urn))
    return _document([_listed(request, file) for file in chosen])


@post("/downloads/metalink", **_operation("makeMetalink", "A cart as Metalink", problems=(404, 422, 423)))
async def make_metalink(
    request: CallerRequest,
    data: JSONBody[Cart],
    choose_files: ChooseDependency,
    issue_product_ticket: NamedDependency[SkipValidation[IssueProductTicket]],
) -> Response[bytes]:
    """Exactly these files: one that you may not have refuses all, so that none is missing without a word."""
    chosen = await choose_files.execute(request.user, [file.wanted() for file in data.files])
    if not data.tickets:
        return _document([_listed(request, file) for file in chosen])
    if request.user.role is Role.PUBLIC:
        raise Forbidden("The anonymous user makes no tickets: log in first.")
    if len(chosen) > MOST_TICKETS:
        raise TooMany(f"Tickets are made for {MOST_TICKETS} files at once, not for {len(chosen)}.")
    return _document([await _ticketed(request, file, issue_product_ticket) for file in chosen])


async def _ticketed(request: CallerRequest, file: ChosenFile, issue_product_ticket: IssueProductTicket) -> MetalinkFile:
    if _lies_elsewhere(file):
        return _listed(request, file)
    assert file.entry.checksum is not None, "what a cart names has a checksum"
    issued = await issue_product_ticket.execute(
        IssueProductTicketRequest(caller=request.user, urn=file.urn, checksum=file.entry.checksum)
    )
    if not isinstance(issued, IssuedProductTicket):
        raise InvalidValue(f"You may not have {file.entry.checksum!r} of {file.urn} any more.")
    return _described(file, ticket_url(request, issued, is_named=True))


def _listed(request: CallerRequest, file: ChosenFile) -> MetalinkFile:
    """With our address, or that of a reference, which is fetched where it lies. A token is never part of it."""
    entry = file.entry
    if _lies_elsewhere(file) or entry.checksum is None:
        return _described(file, entry.uri or "")
    path = f"{segment(str(file.urn))}/files/{segment(entry.checksum)}/{segment(safe_name(entry.file_name))}"
    query = f"?{urlencode({'scope': request.user.tenant})}" if request.user.role is Role.PUBLIC else ""
    return _described(file, f"{own_root(request)}/downloads/{path}{query}")


def _lies_elsewhere(file: ChosenFile) -> bool:
    return file.entry.is_reference and (file.entry.uri or "").startswith(("http://", "https://"))


def _described(file: ChosenFile, url: str) -> MetalinkFile:
    entry = file.entry
    return MetalinkFile(
        name=entry.file_name, url=url, size_bytes=entry.size_bytes, algorithm=entry.algorithm, checksum=entry.checksum
    )


def _document(files: list[MetalinkFile]) -> Response[bytes]:
    headers = {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="downloads.meta4"',
        "x-content-type-options": "nosniff",
    }
    return Response(metalink(files), media_type=MEDIA_TYPE, headers=headers, status_code=200)


route_handlers = (read_metalink, make_metalink)
