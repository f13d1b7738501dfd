"""Byte ranges of a request (RFC 9110 section 14)."""

import re
from collections.abc import Sequence

import attrs

from domain.errors import RangeNotSatisfiable

MAXIMUM_RANGES = 50
"""More parts than this are answered with the whole file (RFC 9110 section 14.2 lets a server ignore such requests)."""

_SPEC = re.compile(r"(\d*)-(\d*)")


@attrs.frozen
class ByteRange:
    """``length`` bytes from ``start`` (0-based)."""

    start: int
    length: int

    @property
    def stop(self) -> int:
        """First byte after the range."""
        return self.start + self.length

    def content_range(self, size_bytes: int) -> str:
        """Value of ``Content-Range`` for this part (RFC 9110 section 14.4). The range must not be empty."""
        return f"bytes {self.start}-{self.stop - 1}/{size_bytes}"


def parse(header: str | None, size_bytes: int) -> tuple[ByteRange, ...] | None:
    """The ranges to send, in ascending order and coalesced, or ``None`` when the whole file is to be sent.

    ``None`` stands for: no header, another unit, bad syntax, too many parts, or an empty file, of which no part can be
    named; all of these are ignored as RFC 9110 section 14.2 allows. Overlapping and touching ranges become one (section
    17.15: many small or overlapping ranges are an attack). Raises ``RangeNotSatisfiable`` when the syntax is right but
    no byte lies inside the file.
    """
    if header is None or size_bytes == 0:
        return None
    unit, separator, specs = header.partition("=")
    if not separator or unit.strip().lower() != "bytes":
        return None
    parts = [part.strip() for part in specs.split(",")]
    wanted = [part for part in parts if part]
    if not wanted or len(parts) > MAXIMUM_RANGES:
        return None
    ranges: list[ByteRange] = []
    for part in wanted:
        match = _SPEC.fullmatch(part)
        if match is None or part == "-" or not part.isascii():
            return None
        first, last = match.groups()
        if first and last and _number(last) < _number(first):
            return None
        satisfied = _satisfied(first, last, size_bytes)
        if satisfied is not None:
            ranges.append(satisfied)
    if not ranges:
        raise RangeNotSatisfiable(size_bytes)
    return coalesced(ranges)


def coalesced(ranges: Sequence[ByteRange]) -> tuple[ByteRange, ...]:
    """The same bytes in ascending order, each once."""
    merged: list[ByteRange] = []
    for part in sorted(ranges, key=lambda r: (r.start, r.length)):
        if merged and part.start <= merged[-1].stop:
            stop = max(merged[-1].stop, part.stop)
            merged[-1] = ByteRange(merged[-1].start, stop - merged[-1].start)
        else:
            merged.append(part)
    return tuple(merged)


def _satisfied(first: str, last: str, size_bytes: int) -> ByteRange | None:
    if not first:
        length = min(_number(last), size_bytes)
        return ByteRange(size_bytes - length, length) if length > 0 else None
    start = _number(first)
    if start >= size_bytes:
        return None
    stop = min(_number(last) + 1, size_bytes) if last else size_bytes
    return ByteRange(start, stop - start)


def _number(digits: str) -> int:
    """A position; absurdly long ones are as good as infinite (and Python refuses to convert them)."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= 19 else 10**19
