"""The routes that bytes leave through (contract-downloader 1.2 and 1.3).

They take one dependency where they can: Litestar starts a task group to resolve several, for each request.
"""

from functools import partial
from typing import Annotated, Any

from litestar import HttpMethod, Request, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation
from litestar.types import ASGIApp

from adapters.http.download_docs import DOWNLOAD, DOWNLOAD_BY_NAME, DOWNLOAD_BY_TICKET, DOWNLOAD_BY_TICKET_AND_NAME
from adapters.http.headers import conditions_of
from adapters.http.roles import at_least
from adapters.http.streaming import DownloadAnswer
from application.use_cases.deliver_file import DeliverFile
from application.use_cases.download_answers import DownloadRequest
from application.use_cases.redeem_ticket import RedeemTicket, RedeemTicketRequest
from domain.access import Caller, Role
from domain.account import AccountKey

LONGEST_CLIENT_TEXT = 200

GET_AND_HEAD = [HttpMethod.GET, HttpMethod.HEAD]

Inline = Annotated[
    bool | None,
    QueryParameter(name="isContentInline", description="Show in the browser instead of saving; absent is false."),
]


@route("/files/{checksum:str}/download", http_method=GET_AND_HEAD, opt=at_least(Role.PROJECT_ADMIN), **DOWNLOAD)
async def download_file(
    request: Request[Caller, Any, Any],
    checksum: FromPath[str],
    deliver_file: NamedDependency[SkipValidation[DeliverFile]],
    inline: Inline = None,
) -> ASGIApp:
    """A file by its checksum, charged to the caller's own account."""
    account = AccountKey.of_user(request.user.tenant, request.user.email)
    return download_answer(request, deliver_file, account=account, checksum=checksum, inline=bool(inline))


@route(
    "/files/{checksum:str}/download/{filename:str}",
    http_method=GET_AND_HEAD,
    opt=at_least(Role.PROJECT_ADMIN),
    **DOWNLOAD_BY_NAME,
)
async def download_file_by_name(
    request: Request[Caller, Any, Any],
    checksum: FromPath[str],
    filename: FromPath[str],
    deliver_file: NamedDependency[SkipValidation[DeliverFile]],
    inline: Inline = None,
) -> ASGIApp:
    """The same file, for clients that name what they save after the last segment; ``filename`` chooses nothing."""
    del filename
    account = AccountKey.of_user(request.user.tenant, request.user.email)
    return download_answer(request, deliver_file, account=account, checksum=checksum, inline=bool(inline))


@route(
    "/files/{checksum:str}/download/token", http_method=GET_AND_HEAD, opt=at_least(Role.PUBLIC), **DOWNLOAD_BY_TICKET
)
async def download_file_with_token(
    request: Request[Caller, Any, Any],
    checksum: FromPath[str],
    t: FromQuery[str],
    redeem_ticket: NamedDependency[SkipValidation[RedeemTicket]],
    deliver_file: NamedDependency[SkipValidation[DeliverFile]],
    inline: Inline = None,
) -> ASGIApp:
    """A file by a ticket: charged to the user whom the ticket names, else to nobody."""
    return await _redeemed(request, checksum, t, redeem_ticket, deliver_file, inline=bool(inline))


@route(
    "/files/{checksum:str}/download/token/{filename:str}",
    http_method=GET_AND_HEAD,
    opt=at_least(Role.PUBLIC),
    **DOWNLOAD_BY_TICKET_AND_NAME,
)
async def download_file_with_token_by_name(
    request: Request[Caller, Any, Any],
    checksum: FromPath[str],
    filename: FromPath[str],
    t: FromQuery[str],
    redeem_ticket: NamedDependency[SkipValidation[RedeemTicket]],
    deliver_file: NamedDependency[SkipValidation[DeliverFile]],
    inline: Inline = None,
) -> ASGIApp:
    """The same, for clients that name what they save after the last segment; ``filename`` chooses nothing."""
    del filename
    return await _redeemed(request, checksum, t, redeem_ticket, deliver_file, inline=bool(inline))


async def _redeemed(
    request: Request[Caller, Any, Any],
    checksum: str,
    token: str,
    redeem_ticket: RedeemTicket,
    deliver_file: DeliverFile,
    *,
    inline: bool,
) -> ASGIApp:
    redeemed = await redeem_ticket.execute(
        RedeemTicketRequest(
            tenant=request.user.tenant, checksum=checksum, token=token, is_head=request.method == HttpMethod.HEAD
        )
    )
    return download_answer(
        request,
        deliver_file,
        account=redeemed.account,
        checksum=checksum,
        inline=inline,
        ticket_id=redeemed.ticket_id,
        ticket_token=token,
        has_limited_ticket=redeemed.is_limited,
        file_name=redeemed.file_name,
    )


def download_answer(
    request: Request[Caller, Any, Any],
    deliver_file: DeliverFile,
    *,
    account: AccountKey,
    checksum: str,
    inline: bool,
    ticket_id: str | None = None,
    ticket_token: str | None = None,
    has_limited_ticket: bool = False,
    file_name: str | None = None,
) -> ASGIApp:
    """The answer to a request for the bytes of a file, once it is known that the caller may have them."""
    wanted = DownloadRequest(
        account=account,
        checksum=checksum,
        conditions=conditions_of(request.headers),
        is_head=request.method == HttpMethod.HEAD,
        ticket_id=ticket_id,
        client=_client(request),
        is_inline=inline,
        has_limited_ticket=has_limited_ticket,
        file_name=file_name,
        ticket_token=ticket_token,
        accept=request.headers.get("accept", ""),
    )
    return DownloadAnswer(
        deliver=partial(deliver_file.execute, wanted),
        account=account,
        accept=wanted.accept,
        inline=inline,
    )


def _client(request: Request[Caller, Any, Any]) -> str:
    """What an operator needs to recognise a running transfer: the peer's address and the client's own words."""
    host = request.client.host if request.client else "unknown"
    return f"{host} {request.headers.get('user-agent', '')}".strip()[:LONGEST_CLIENT_TEXT]


by_checksum = (download_file, download_file_by_name)
by_ticket = (download_file_with_token, download_file_with_token_by_name)
