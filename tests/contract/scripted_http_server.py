"""A real HTTP server on loopback that misbehaves as it is told."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import attrs


@attrs.define(kw_only=True)
class Page:
    """What a path answers.

    ``ranges``: whether Range is minded. ``conditions``: whether If-Match and If-Unmodified-Since are. ``tag`` and
    ``date`` identify the data. ``status`` and ``headers`` replace or add to the answer. ``promised`` and ``total`` are
    stated instead of the right lengths. ``cuts``: after how many bytes of the body each of the next answers breaks off.
    ``stalls``: after so many bytes the body waits for ``released``. ``chunked``: no length is stated. ``surplus`` is
    sent behind the body.
    """

    data: bytes = b""
    tag: str | None = '"1"'
    date: str | None = None
    ranges: bool = True
    conditions: bool = True
    status: int | None = None
    headers: dict[str, str] = attrs.field(factory=dict)
    total: int | None = None
    promised: int | None = None
    surplus: bytes = b""
    cuts: list[int] = attrs.field(factory=list)
    stalls: int | None = None
    released: threading.Event = attrs.field(factory=threading.Event)
    chunked: bool = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        page = self.server.pages.get(urlsplit(self.path).path)
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        self.close_connection = True
        if page is None:
            self._head(404, {"Content-Length": "0"})
            return
        conditions = self.headers.get("If-Match", page.tag), self.headers.get("If-Unmodified-Since", page.date)
        if page.conditions and conditions != (page.tag, page.date):
            self._head(412, {"Content-Length": "0"})
            return
        status, headers, body = self._answer(page)
        headers |= {"ETag": page.tag} if page.tag else {}
        headers |= {"Last-Modified": page.date} if page.date else {}
        self._head(page.status or status, headers | page.headers)
        if self.command != "HEAD":
            self._send(page, body)

    do_HEAD = do_GET  # noqa: N815 - the name is the library's.

    def _answer(self, page: Page) -> tuple[int, dict[str, str], bytes]:
        size = len(page.data)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if page.ranges else None
        if asked is not None and int(asked[1]) >= size:
            return 416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, b""
        start, end = (int(asked[1]), min(int(asked[2] or size - 1), size - 1)) if asked else (0, size - 1)
        body = page.data[start : end + 1]
        length = page.promised if page.promised is not None else len(body)
        headers = {"Transfer-Encoding": "chunked"} if page.chunked else {"Content-Length": str(length)}
        if asked is None:
            return 200, headers, body
        return 206, headers | {"Content-Range": f"bytes {start}-{end}/{page.total or size}"}, body

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, page: Page, body: bytes) -> None:
        if page.cuts:
            body = body[: page.cuts.pop(0)]
        elif page.stalls is not None:
            self.wfile.write(body[: page.stalls])
            self.wfile.flush()
            page.released.wait(60)
            body = body[page.stalls :]
        body += page.surplus
        if page.chunked:
            body = (
                b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:100], body[100:]) if part)
                + b"0\r\n\r\n"
            )
        try:
            self.wfile.write(body)
        except OSError:
            # The client has heard enough.
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's.
        """Nothing to say."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, pages: dict[str, Page]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may leave at any time."""


@attrs.frozen
class ScriptedServer:
    """The server's pages by path, and what it was asked: method, target, headers."""

    pages: dict[str, Page]
    asked: list[tuple[str, str, dict[str, str]]]
    port: int

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def scripted_server(pages: dict[str, Page] | None = None) -> Iterator[ScriptedServer]:
    """A server that listens until the block ends."""
    with _Server({} if pages is None else pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ScriptedServer(server.pages, server.asked, server.server_address[1])
        finally:
            for page in server.pages.values():
                page.released.set()
            server.shutdown()
            thread.join()
