"""Byte sources for tests of what reads through them."""

import anyio.lowlevel
import attrs

from application.errors import CopyChanged, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus


@attrs.define(eq=False)
class BytesSource(ByteSource):
    """An opened copy in memory; ``largest_read`` makes its answers short, ``grown`` says that it has changed since."""

    data: bytes
    largest_read: int = 2**62
    grown: bool = False
    is_closed: bool = False
    most_asked: int = 0

    @property
    def status(self) -> CopyStatus:
        return CopyStatus(size_bytes=len(self.data), version="1")

    @property
    def file_descriptor(self) -> int | None:
        return None

    async def read(self, offset: int, length: int) -> bytes:
        await anyio.lowlevel.checkpoint()
        assert offset >= 0
        assert length > 0
        self.most_asked = max(self.most_asked, length)
        if self.is_closed:
            raise StorageUnavailable("It was closed.")
        if offset >= len(self.data):
            raise CopyChanged("It is shorter.")
        return self.data[offset : offset + min(length, self.largest_read)]

    async def check_unchanged(self) -> None:
        if self.grown:
            raise CopyChanged("It is another one now.")

    async def aclose(self) -> None:
        self.is_closed = True
