"""An HTTP server on raw sockets that answers as a script says: rightly, wrongly, late, or by hanging up."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import Enum

import attrs

Head = list[tuple[str, str]]


class Move(Enum):
    """What the server does with one request."""

    GOOD = "good"
    CUT_BEFORE_HEAD = "cut-before-head"
    CUT_IN_BODY = "cut-in-body"
    CUT_AFTER_ONE_BYTE = "cut-after-one-byte"
    CHUNKED = "chunked"
    CHUNKED_CUT = "chunked-cut"
    IGNORE_RANGE = "ignore-range"
    WRONG_BYTES = "wrong-bytes"
    WRONG_BYTES_CUT = "wrong-bytes-cut"
    WRONG_RANGE = "wrong-range"
    FEWER_BYTES = "fewer-bytes"
    TOO_MANY_BYTES = "too-many-bytes"
    OTHER_VERSION = "other-version"
    WEAK_TAG = "weak-tag"
    NO_TAG = "no-tag"
    RETRY_429 = "429"
    RETRY_503 = "503"
    BARE_503 = "bare-503"
    ACCEPTED_202 = "202"
    FAILED_500 = "500"
    FAILED_412 = "412"
    FAILED_416 = "416"
    NEARLINE_410 = "410"
    NONSENSE = "nonsense"


@attrs.define(eq=False)
class ScriptedServer:
    """``moves`` are used up one after the other by requests for the file; afterwards everything is good."""

    data: bytes
    moves: list[Move]
    has_digest: bool = True
    port: int = 0
    requests: list[tuple[str, str, dict[str, str]]] = attrs.field(factory=list)
    version: int = 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ScriptedServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append((method, target, headers))
            if method == "POST":
                writer.write(self._availability(target))
            else:
                writer.write(self._file(self.moves.pop(0) if self.moves else Move.GOOD, headers))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _availability(self, target: str) -> bytes:
        if "availability" not in target:
            return _answer(202, [("content-type", "application/json")], b"{}")
        return _answer(
            200,
            [("content-type", "application/json")],
            f'[{{"checksum": "{self.checksum}", "available": true}}]'.encode(),
        )

    def _file(self, move: Move, headers: dict[str, str]) -> bytes:
        tag = f'"v{self.version}"'
        data = self.data
        refusal = self._refusal(move)
        if refusal is not None:
            return refusal
        match move:
            case Move.OTHER_VERSION:
                self.version += 1
                tag = f'"v{self.version}"'
            case Move.WEAK_TAG:
                tag = f"W/{tag}"
            case Move.WRONG_BYTES | Move.WRONG_BYTES_CUT:
                data = bytes(byte ^ 0xFF for byte in data)
        fields = [] if move is Move.NO_TAG else [("etag", tag)]
        if self.has_digest:
            encoded = base64.b64encode(hashlib.sha256(self.data).digest()).decode()
            fields.append(("repr-digest", f"sha-256=:{encoded}:"))
        first = self._first(headers, tag, is_ignored=move is Move.IGNORE_RANGE)
        if first is None:
            return _answer(416, [("content-range", f"bytes */{len(data)}")], b"")
        status = 206 if first else 200
        if first:
            claimed = first + 1 if move is Move.WRONG_RANGE else first
            fields.append(("content-range", f"bytes {claimed}-{len(data) - 1}/{len(data)}"))
        return _shaped(move, status, fields, data[first:])

    def _refusal(self, move: Move) -> bytes | None:
        match move:
            case Move.CUT_BEFORE_HEAD:
                return b""
            case Move.RETRY_429 | Move.RETRY_503:
                return _answer(int(move.value), [("retry-after", "2")], b"later")
            case Move.BARE_503:
                return _answer(503, [], b"later")
            case Move.ACCEPTED_202 | Move.FAILED_500 | Move.FAILED_412 | Move.NEARLINE_410:
                return _answer(int(move.value), [], b'{"state": "not the bytes"}')
            case Move.FAILED_416:
                return _answer(416, [("content-range", f"bytes */{len(self.data)}")], b"")
            case Move.NONSENSE:
                return b"\x00\x01 this is no HTTP\r\n\r\n"
        return None

    def _first(self, headers: dict[str, str], tag: str, *, is_ignored: bool) -> int | None:
        """The first byte to send; ``None`` when there is none."""
        wanted = headers.get("range")
        if wanted is None or is_ignored or headers.get("if-range") not in {None, tag}:
            return 0
        first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        return first if first < len(self.data) else None


def _shaped(move: Move, status: int, fields: Head, body: bytes) -> bytes:
    match move:
        case Move.CUT_IN_BODY | Move.WRONG_BYTES_CUT:
            return _answer(status, fields, body)[: -max(1, len(body) // 2)] if body else b""
        case Move.CUT_AFTER_ONE_BYTE:
            return _answer(status, fields, body)[: 1 - len(body)] if len(body) > 1 else b""
        case Move.CHUNKED | Move.CHUNKED_CUT:
            end = b"" if move is Move.CHUNKED_CUT else b"0\r\n\r\n"
            head = _head(status, [*fields, ("transfer-encoding", "chunked")])
            return head + (f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"") + end
        case Move.FEWER_BYTES:
            # As if this were all: an honest length for fewer bytes than there are.
            return _answer(status, fields, body[: len(body) // 2])
        case Move.TOO_MANY_BYTES:
            return _answer(status, fields, body + b"more")
    return _answer(status, fields, body)


def _answer(status: int, fields: Iterable[tuple[str, str]], body: bytes) -> bytes:
    return _head(status, [*fields, ("content-length", str(len(body)))]) + body


def _head(status: int, fields: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "connection: close", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
