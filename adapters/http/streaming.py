"""Sending a download: the answer is decided, started, streamed and closed here (DESIGN section 5, steps 5 to 8)."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import anyio
from litestar import Request
from litestar.types import Receive, Scope, Send

from adapters.http.answering import as_seen_by
from adapters.http.errors import Answer, answer_for_refusal
from adapters.http.headers import HeaderList, representation, validators
from adapters.http.multipart import Multipart
from adapters.http.relaying import relay
from adapters.http.sendfile_protocol import AbortResponse, ClientDisconnected, SourceFailed
from application.delivery.delivery import Chunk, Region
from application.delivery.redirect import Redirected
from application.delivery.running import TransferEnded
from application.errors import Overloaded, StorageUnavailable
from application.use_cases.deliver_file import Delivered
from application.use_cases.download_answers import Described, NotModified, Opened, Refused
from application.use_cases.relay_download import Relayed
from domain.account import AccountKey
from domain.errors import DomainError
from domain.file import ArchiveFile

ZERO_COPY = "http.response.zerocopysend"


class DownloadAnswer:
    """The whole answer to one download request.

    Nothing is decided before this is called, so that everything that was taken is given back in one place; and nothing
    is started before the first bytes are at hand, so that every refusal still has its own status.
    """

    def __init__(
        self,
        *,
        deliver: Callable[[], Awaitable[Delivered]],
        account: AccountKey,
        accept: str,
        inline: bool,
    ) -> None:
        self._deliver = deliver
        self._account = account
        self._accept = accept
        self._inline = inline
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with anyio.CancelScope() as client_is_there:
            watcher = asyncio.get_running_loop().create_task(_watch(receive, client_is_there))
            try:
                await self._answer(scope, send, client_is_there)
            finally:
                watcher.cancel()

    async def _answer(self, scope: Scope, send: Send, client_is_there: anyio.CancelScope) -> None:
        result = await self._deliver()
        match result:
            case NotModified(file):
                await _send_head(send, HTTPStatus.NOT_MODIFIED, validators(file))
                await _send_end(send)
            case Described(file):
                await _send_head(send, HTTPStatus.OK, self._head_of_whole(file))
                await _send_end(send)
            case Refused():
                refusal = answer_for_refusal(
                    result.refusal, email=self._account.email, accept=self._accept, retry_after=result.retry_after
                )
                await _send_answer(send, as_seen_by(Request(scope), refusal))
            case Redirected():
                fields = [("location", result.url), ("cache-control", "no-store"), ("content-length", "0")]
                await _send_head(send, HTTPStatus.SEE_OTHER, fields)
                await _send_end(send)
            case Relayed():
                await relay(result, send)
            case Opened():
                await self._send_opened(result, scope, send, client_is_there)

    async def _send_opened(self, opened: Opened, scope: Scope, send: Send, client_is_there: anyio.CancelScope) -> None:
        unacknowledged = 0
        opened.delivery.running.on_end(client_is_there.cancel)
        try:
            await self._stream(opened, scope, send)
        except ClientDisconnected as gone:
            unacknowledged = gone.unacknowledged_bytes
        finally:
            # Shielded twice: from our own scope, and from a server that cancels its tasks.
            with anyio.CancelScope(shield=True):
                await asyncio.shield(asyncio.ensure_future(self._finish(opened, unacknowledged)))
            if opened.delivery.running.ended_because is not None and not opened.delivery.is_complete:
                error = AbortResponse if self._has_begun else Overloaded
                raise error(f"The transfer was ended: {opened.delivery.running.ended_because}.")

    async def _stream(self, opened: Opened, scope: Scope, send: Send) -> None:
        delivery, zero_copy = opened.delivery, ZERO_COPY in (scope.get("extensions") or {})
        piece = await delivery.next_piece(zero_copy=zero_copy)
        frame = self._frame(opened)
        self._has_begun = True
        await _send_head(send, *self._head_of(opened, frame))
        part = -1
        try:
            while piece is not None:
                if frame is not None and piece.part != part:
                    part = piece.part
                    await _send_bytes(send, frame.head(part), more=True)
                await _send_piece(send, piece, opened, more=frame is not None or not piece.is_last)
                is_last = piece.is_last
                piece = await delivery.next_piece(zero_copy=zero_copy)
                if is_last and piece is None and frame is None:
                    return
            await _send_bytes(send, frame.tail if frame is not None else b"", more=False)
        except (TransferEnded, DomainError, StorageUnavailable) as error:
            # The head has left: the only honest answer is a cut that the client can see.
            raise AbortResponse(str(error)) from error

    async def _finish(self, opened: Opened, unacknowledged: int) -> None:
        await opened.delivery.aclose()
        await opened.close.execute(opened.transfer, opened.delivery.outcome(unacknowledged_bytes=unacknowledged))

    def _frame(self, opened: Opened) -> Multipart | None:
        if opened.ranges is None or len(opened.ranges) < 2:
            return None
        return Multipart(opened.ranges, opened.file.size_bytes, opened.file.content_type)

    def _head_of(self, opened: Opened, frame: Multipart | None) -> tuple[HTTPStatus, HeaderList]:
        if opened.ranges is None:
            return HTTPStatus.OK, self._head_of_whole(opened.file)
        fields = representation(opened.file, inline=self._inline)
        if frame is not None:
            fields += [("content-type", frame.content_type), ("content-length", str(frame.content_length))]
            return HTTPStatus.PARTIAL_CONTENT, fields
        (only,) = opened.ranges
        fields += [
            ("content-type", opened.file.content_type),
            ("content-length", str(only.length)),
            ("content-range", only.content_range(opened.file.size_bytes)),
        ]
        return HTTPStatus.PARTIAL_CONTENT, fields

    def _head_of_whole(self, file: ArchiveFile) -> HeaderList:
        return [
            *representation(file, inline=self._inline),
            ("content-type", file.content_type),
            ("content-length", str(file.size_bytes)),
        ]


async def _send_piece(send: Send, piece: Region | Chunk, opened: Opened, *, more: bool) -> None:
    if isinstance(piece, Chunk):
        await _send_bytes(send, piece.data, more=more)
        opened.delivery.handed_over(len(piece.data))
        # Without this turn four fast clients stop everybody else (performance study, finding 1).
        await asyncio.sleep(0)
        return
    try:
        await send(
            {  # type: ignore[arg-type]  # The extension's message is not among Litestar's types.
                "type": ZERO_COPY,
                "file": piece.file_descriptor,
                "offset": piece.offset,
                "count": piece.length,
                "more_body": more,
                "progress": opened.delivery.handed_over,
                "cold": piece.disk is not None,
                "disk": piece.disk or "",
            }
        )
    except SourceFailed as error:
        await opened.delivery.switch_copy(error)


async def _send_head(send: Send, status: HTTPStatus, fields: HeaderList) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})


async def _send_bytes(send: Send, data: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def _send_end(send: Send) -> None:
    await _send_bytes(send, b"", more=False)


async def _send_answer(send: Send, answer: Answer) -> None:
    await _send_head(send, HTTPStatus(answer.status), answer.headers)
    await _send_bytes(send, answer.body, more=False)


async def _watch(receive: Receive, client_is_there: anyio.CancelScope) -> None:
    """Cancel the answer as soon as the client has left."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # A send that waits is told too, and knows what has arrived: let it speak first.
            await asyncio.sleep(0)
            client_is_there.cancel()
            return
