"""Reading one pinned version of an object: ranges as they are asked for, a broken answer continued where it broke."""

import asyncio

import attrs

from adapters.storage.s3.client import Body, Bucket
from adapters.storage.s3.head import ObjectHead
from application.errors import CopyChanged, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus

FIRST_WINDOW = 1024 * 1024
"""Bytes asked for at once after a seek; what a reader leaves of it is thrown away with its connection."""
WINDOW_GROWTH = 32
"""How much more is asked for when a window was read to its end."""


@attrs.frozen(kw_only=True)
class Patience:
    """How often in a row a body may break without a byte, and how long to wait then: doubling from ``pause``."""

    breaks: int = 4
    pause_seconds: float = 0.2


@attrs.define(eq=False)
class ObjectSource(ByteSource):
    """An open object. Every request carries the identity that was seen at opening."""

    _bucket: Bucket
    _key: str
    _head: ObjectHead
    _patience: Patience = attrs.field(factory=Patience)
    _body: Body | None = None
    _position: int = 0
    _window_end: int = 0
    _window: int = FIRST_WINDOW
    _is_open: bool = True

    @classmethod
    def of(cls, bucket: Bucket, key: str, head: ObjectHead, patience: Patience) -> "ObjectSource":
        """A source that keeps the client open until it is closed. Raises ``StorageUnavailable``."""
        bucket.sharing.enter()
        return cls(bucket, key, head, patience)

    @property
    def status(self) -> CopyStatus:
        return CopyStatus(size_bytes=self._head.size_bytes, version=self._head.version)

    @property
    def file_descriptor(self) -> int | None:
        return None

    async def read(self, offset: int, length: int) -> bytes:
        if offset >= self._head.size_bytes:
            raise CopyChanged("The object is shorter than when it was opened.")
        if self._body is not None and offset != self._position:
            self._release()
        breaks = 0
        while True:
            if self._body is None:
                self._body = await self._requested(offset, length)
            try:
                if data := await self._body.read(min(length, self._window_end - offset)):
                    break
                raise StorageUnavailable("The S3 server ended the object early.")
            except StorageUnavailable:
                self._release()
                breaks += 1
                if breaks > self._patience.breaks:
                    raise
            await asyncio.sleep(self._patience.pause_seconds * 2 ** (breaks - 1))
        self._position = offset + len(data)
        if self._position == self._window_end:
            # Read to its end: the connection goes back by itself.
            self._body = None
        return data

    async def check_unchanged(self) -> None:
        """Nothing to ask: the server has answered for this version each time, and answers whole versions only."""

    async def aclose(self) -> None:
        self._release()
        if self._is_open:
            self._is_open = False
            await self._bucket.sharing.leave()

    def _release(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    async def _requested(self, offset: int, length: int) -> Body:
        is_continued = 0 < offset == self._window_end
        self._window = self._window * WINDOW_GROWTH if is_continued else FIRST_WINDOW
        end = min(offset + max(length, self._window), self._head.size_bytes)
        answer, body = await self._bucket.get(Key=self._key, Range=f"bytes={offset}-{end - 1}", **self._head.pin)
        # Not every server minds the conditions and the range that it was asked with.
        if answer.get("ETag", "") != self._head.e_tag:
            body.close()
            raise CopyChanged("The object is not the one that was opened.")
        expected = f"bytes {offset}-{end - 1}/{self._head.size_bytes}"
        if answer.get("ContentRange", expected) != expected or answer["ContentLength"] != end - offset:
            body.close()
            raise StorageUnavailable("The S3 server does not answer with the range that was asked for.")
        self._position, self._window_end = offset, end
        return body
