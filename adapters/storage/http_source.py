"""Reading one file of a foreign server, pinned to the identity that was seen at opening."""

import asyncio
import re

import attrs

from adapters.storage.http_client import Answer, Client
from adapters.storage.http_urls import HTTPUrl
from adapters.storage.sharing import Sharing
from application.errors import CopyChanged, CopyMisread, CopyMissing, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus

SKIPPED_RATHER_THAN_ASKED = 64 * 1024
"""A gap of up to this size is read over; a larger one is worth a request of its own."""
MOST_SKIPPED = 256 * 1024 * 1024
"""How far into a file a range may begin on a server that only sends whole files."""
BREAKS = 3
PAUSE_SECONDS = 0.2
_FINAL = (CopyChanged, CopyMisread, CopyMissing)

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_STRONG_TAG = re.compile(r'"[\x21\x23-\x7e]{0,250}"')
_DATE = "modified:"


@attrs.frozen(kw_only=True)
class Seen:
    """What an answer says of the file, and which part of it the body holds: from ``start`` up to ``end``."""

    status: CopyStatus
    start: int
    end: int
    is_part: bool
    has_length: bool


async def look(client: Client, url: HTTPUrl, ranges: str, pin: str | None = None) -> tuple[Answer, Seen]:
    """An answer for the range, which has not been read yet, and what it says.

    Raises ``CopyMissing``, ``CopyChanged``, ``CopyMisread``, ``LocationRefused``, ``StorageUnavailable``.
    """
    answer = await client.get(url, {"Range": f"bytes={ranges}"} | _conditions(pin))
    if answer.status == 416 and answer.headers.get("content-range", "").replace(" ", "") == "bytes*/0":
        # No range lies in an empty file.
        await answer.aclose()
        answer = await client.get(url, _conditions(pin))
    try:
        return answer, _seen(answer)
    except StorageUnavailable:
        await answer.aclose()
        raise


@attrs.define(eq=False)
class HTTPSource(ByteSource):
    """An open file. Every answer must be of the same identity and size; a broken one is continued where it broke."""

    _client: Client
    _url: HTTPUrl
    _status: CopyStatus
    _sharing: Sharing
    _answer: Answer | None
    _seen: Seen
    _position: int = 0
    _held: bytes = b""
    _is_ranging: bool = False
    _is_open: bool = True
    _pause_seconds: float = PAUSE_SECONDS
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    @classmethod
    async def opened(cls, client: Client, url: HTTPUrl, sharing: Sharing) -> "HTTPSource":
        """Asks for the whole file at once, which most readers want; the sharing is left when this is closed."""
        answer, seen = await look(client, url, "0-")
        return cls(client, url, seen.status, sharing, answer, seen, is_ranging=seen.is_part)

    @property
    def status(self) -> CopyStatus:
        return self._status

    @property
    def file_descriptor(self) -> int | None:
        return None

    async def read(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self._status.size_bytes:
            raise CopyChanged("The file on the server is shorter than that.")
        async with self._lock:
            breaks = 0
            while True:
                try:
                    return await self._next(offset, length)
                except LocationRefused as error:
                    raise CopyMisread("The server redirects to where nothing is read.") from error
                except StorageUnavailable as error:
                    await self._release()
                    breaks += 1
                    if isinstance(error, _FINAL) or not self._is_ranging or breaks > BREAKS or not self._is_open:
                        raise
                await asyncio.sleep(self._pause_seconds * 2 ** (breaks - 1))

    async def check_unchanged(self) -> None:
        """Ask once more: what is written over in place on the server shows only now."""
        try:
            answer, seen = await look(self._client, self._url, "0-0", self._status.version)
        except CopyChanged:
            raise
        except (StorageUnavailable, LocationRefused):
            # Nothing says that it has changed.
            return
        await answer.aclose()
        self._require_same(seen)

    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            try:
                await self._release()
            finally:
                await self._sharing.leave()

    async def _next(self, offset: int, length: int) -> bytes:
        if not self._is_open:
            raise StorageUnavailable("The file was closed.")
        gap = offset - self._position
        if self._answer is None or gap < 0 or (self._is_ranging and gap > SKIPPED_RATHER_THAN_ASKED):
            await self._ask(offset)
        while True:
            if not self._held:
                self._held = await self._received()
            skipped = min(len(self._held), offset - self._position)
            self._held, self._position = self._held[skipped:], self._position + skipped
            if self._held:
                data, self._held = self._held[:length], self._held[length:]
                self._position += len(data)
                if self._position == self._seen.end:
                    await self._release()
                return data

    async def _received(self) -> bytes:
        """More of the body, checked against what was promised of it."""
        assert self._answer is not None, "there is an answer to read"
        data = await self._answer.next_bytes()
        left = self._seen.end - self._position
        is_too_long = len(data) > left
        if len(data) == left and not self._seen.has_length:
            is_too_long = await self._answer.next_bytes() != b""
        if is_too_long:
            raise CopyMisread("The server sends more than it said.")
        if not data:
            raise StorageUnavailable("The server ended the file early.")
        return data

    async def _ask(self, offset: int) -> None:
        await self._release()
        size = self._status.size_bytes
        if not self._is_ranging and offset > MOST_SKIPPED:
            raise CopyMisread("The server does not serve ranges, and this one begins too far into the file.")
        answer, seen = await look(self._client, self._url, f"{offset}-{size - 1}", self._status.version)
        try:
            self._require_same(seen)
            if seen.start != (offset if seen.is_part else 0):
                raise CopyMisread("The server answers with another range than was asked for.")
        except StorageUnavailable:
            await answer.aclose()
            raise
        self._answer, self._seen, self._position = answer, seen, seen.start
        self._is_ranging = seen.is_part

    def _require_same(self, seen: Seen) -> None:
        if seen.status != self._status:
            raise CopyChanged("The file on the server is not the one that was opened.")

    async def _release(self) -> None:
        answer, self._answer, self._held = self._answer, None, b""
        if answer is not None:
            await answer.aclose()


def _conditions(pin: str | None) -> dict[str, str]:
    if pin is None or pin.startswith("W/"):
        return {}
    if pin.startswith(_DATE):
        return {"If-Unmodified-Since": pin.removeprefix(_DATE)}
    return {"If-Match": pin}


def _seen(answer: Answer) -> Seen:
    length = answer.headers.get("content-length", "")
    if answer.status == 200:
        if not length.isdecimal() or len(length) > 19:
            raise CopyMisread("The server does not say how long the file is.")
        start, end, size = 0, int(length), int(length)
    else:
        found = _RANGE.fullmatch(answer.headers.get("content-range", "")) if answer.status == 206 else None
        if found is None:
            raise CopyMisread("The server does not answer with the range that was asked for.")
        start, end, size = int(found[1]), int(found[2]) + 1, int(found[3])
        if not start < end <= size or (length and length != str(end - start)):
            raise CopyMisread("The server contradicts itself about the length of the file.")
    return Seen(
        status=CopyStatus(size_bytes=size, version=_identity(answer.headers)),
        start=start,
        end=end,
        is_part=answer.status == 206,
        has_length=bool(length),
    )


def _identity(headers: dict[str, str]) -> str | None:
    """What changes when the bytes do: a strong entity tag, else the date, else a weak tag."""
    tag, date = headers.get("etag", ""), headers.get("last-modified", "")
    if _STRONG_TAG.fullmatch(tag):
        return tag
    if 0 < len(date) <= 100 and date.isascii() and date.isprintable():
        return _DATE + date
    return tag if tag.startswith("W/") and _STRONG_TAG.fullmatch(tag[2:]) else None
