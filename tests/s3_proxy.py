"""A proxy before an S3 server that spoils answers on purpose: what real servers and networks do now and then."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import attrs

MOST_HEAD_BYTES = 65536


@attrs.frozen(kw_only=True)
class Fault:
    """What happens to one answer.

    ``answer`` replaces it altogether. Else the true answer is sent on: with its Content-Length changed by
    ``length_off_by``, its connection broken after ``cut_after`` bytes of the body, or nothing more sent after
    ``stall_after`` bytes until the client leaves.
    """

    answer: bytes | None = None
    length_off_by: int = 0
    cut_after: int | None = None
    stall_after: int | None = None


@attrs.frozen
class Asked:
    """A request as it came."""

    method: str
    target: str
    head: str

    def field(self, name: str) -> str | None:
        """The value of a header field."""
        found = re.search(rf"^{re.escape(name)}: *(.*?)\r?$", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else None


def refusal(status: int, code: str) -> Fault:
    """An answer with an error of S3."""
    body = f"<Error><Code>{code}</Code><Message>on purpose</Message></Error>".encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return Fault(answer=head.encode() + body)


@attrs.define(eq=False)
class S3Proxy:
    """Passes requests on; ``fault_for`` says what happens to each answer."""

    target_port: int
    fault_for: Callable[[Asked], Fault | None] = lambda _asked: None
    asked: list[Asked] = attrs.field(factory=list)
    port: int = 0
    _running: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = attrs.field(factory=dict)

    @property
    def open_connections(self) -> int:
        """How many clients are there now."""
        return len(self._running)

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def spoil(self, *faults: Fault, method: str = "GET") -> None:
        """The next answers to this method get these faults, one each; those after them are right."""
        left = list(faults)
        self.fault_for = lambda asked: left.pop(0) if left and asked.method == method else None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["S3Proxy"]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MOST_HEAD_BYTES)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            # Without an end of its own, what still waits for its client would be found by the next test.
            while self._running:
                for writer in self._running.values():
                    writer.transport.abort()
                await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._running[asyncio.current_task()] = writer
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.transport.abort()
            del self._running[asyncio.current_task()]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        asked = Asked(method, target, head)
        self.asked.append(asked)
        fault = self.fault_for(asked) or Fault()
        if fault.answer is not None:
            writer.write(fault.answer)
            await writer.drain()
            writer.write_eof()
            await reader.read()
            return
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            their_writer.write(head.replace("\r\n", "\r\nConnection: close\r\n", 1).encode("latin-1"))
            answer_head = (await their_reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            writer.write(_relabelled(answer_head, fault.length_off_by).encode("latin-1"))
            await self._pass_body(their_reader, reader, writer, fault)
        finally:
            their_writer.transport.abort()

    async def _pass_body(
        self,
        source: asyncio.StreamReader,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault,
    ) -> None:
        limit = fault.cut_after if fault.cut_after is not None else fault.stall_after
        passed = 0
        while limit is None or passed < limit:
            data = await source.read(65536 if limit is None else min(65536, limit - passed))
            if not data:
                writer.write_eof()
                break
            passed += len(data)
            writer.write(data)
            await writer.drain()
        if fault.cut_after is not None:
            # What was sent arrives before the end of the connection does.
            writer.write_eof()
        await reader.read()


def _relabelled(head: str, off_by: int) -> str:
    if not off_by:
        return head
    return re.sub(r"(?i)(content-length: *)(\d+)", lambda found: f"{found[1]}{int(found[2]) + off_by}", head, count=1)
