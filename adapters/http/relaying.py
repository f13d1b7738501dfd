"""Passing another instance's answer on: piece by piece, at the client's speed, and never as complete if it was cut."""

import asyncio

import anyio
from litestar.types import Send

from adapters.http.response_errors import AbortResponse
from application.ports.downloaders import DownloaderUnavailable
from application.use_cases.relay_download import Relayed


async def relay(relayed: Relayed, send: Send) -> None:
    """Send the whole answer. Raises ``AbortResponse`` when the other side breaks off, after the head has left."""
    relayed.rota.running += 1
    try:
        await _send_all(relayed, send)
    except DownloaderUnavailable as error:
        # The head has left: the only honest answer is a cut that the client can see.
        raise AbortResponse(str(error)) from error
    finally:
        relayed.rota.running -= 1
        # Also when the client has left: what nobody reads ends the transfer on the other side.
        with anyio.CancelScope(shield=True):
            await relayed.answer.aclose()


async def _send_all(relayed: Relayed, send: Send) -> None:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in relayed.fields]
    await send({"type": "http.response.start", "status": relayed.status, "headers": fields})
    left, data = _announced(relayed), relayed.first
    while data:
        left -= len(data)
        is_last = left == 0
        if is_last:
            # The last bytes leave once it is known that the other side meant them to be the last.
            await relayed.answer.next_bytes()
        await send({"type": "http.response.body", "body": data, "more_body": not is_last})
        if is_last:
            return
        # As in the delivery from here: without this turn fast clients stop everybody else.
        await asyncio.sleep(0)
        data = await relayed.answer.next_bytes()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _announced(relayed: Relayed) -> int:
    """Bytes of the body that were announced; -1 when they were not."""
    return next((int(value) for name, value in relayed.fields if name == "content-length"), -1)
