"""The ``multipart/byteranges`` frame around several ranges (RFC 9110 section 14.6)."""

import secrets

import attrs

from domain.byte_range import ByteRange


@attrs.frozen
class Multipart:
    """Delimiters of one multi-range answer; their sizes are known in advance, so that ``Content-Length`` is too."""

    ranges: tuple[ByteRange, ...]
    size_bytes: int
    media_type: str
    boundary: str = attrs.field(factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """Value of ``Content-Type`` for the whole answer."""
        return f"multipart/byteranges; boundary={self.boundary}"

    @property
    def content_length(self) -> int:
        """Bytes of the whole answer, delimiters included."""
        heads = sum(len(self.head(part)) for part in range(len(self.ranges)))
        return heads + sum(r.length for r in self.ranges) + len(self.tail)

    @property
    def tail(self) -> bytes:
        """What follows the last part."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def head(self, part: int) -> bytes:
        """What precedes a part."""
        lead = "" if part == 0 else "\r\n"
        return (
            f"{lead}--{self.boundary}\r\n"
            f"Content-Type: {self.media_type}\r\n"
            f"Content-Range: {self.ranges[part].content_range(self.size_bytes)}\r\n\r\n"
        ).encode()
