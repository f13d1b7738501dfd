"""Reading files of products: one JSON document, a collection of them, or one on each line."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import attrs
import msgspec

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one document: a line that goes on for longer is no product."""

LARGEST_WHOLE = 1024 * 1024 * 1024
"""Bytes of a file that has to be in memory as a whole, because its documents are not one on each line."""

_FIRST_LINE = 4 * 1024 * 1024
"""Bytes of a first line that tells by itself that there are more: a longer one may be a whole collection."""

_BY_LINE = {".ndjson", ".jsonl", ".geojsonl", ".ldjson"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MANY = msgspec.json.Decoder(list[msgspec.Raw])


class _Collection(msgspec.Struct):
    """Documents as they are written: each is decoded by itself, when it is its turn."""

    features: list[msgspec.Raw]


@attrs.frozen
class Found:
    """One document and where it stands; ``problem`` when it cannot be read. ``position`` is in bytes of the file."""

    place: str
    document: Any
    position: int
    problem: str | None = None


def documents(path: Path) -> Iterator[Found]:
    """The documents of a file. A file of lines is read line by line, any other as a whole. Raises ``OSError``."""
    with path.open("rb") as stream:
        if path.suffix.lower() in _BY_LINE or _has_documents_by_line(stream):
            yield from _lines(path, stream)
        else:
            yield from _whole(path)


def _has_documents_by_line(stream: IO[bytes]) -> bool:
    """Whether the first line is a whole document, and not the only one."""
    first, second = stream.readline(_FIRST_LINE), stream.readline(2)
    stream.seek(0)
    if not first.endswith(b"\n") or not second.strip():
        return False
    text = _plain(first)
    return text.startswith(b"{") and _decoded("", text, 0).problem is None


def _lines(path: Path, stream: IO[bytes]) -> Iterator[Found]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        place = f"{path}: line {number}"
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            _skip_line(stream)
            yield Found(place, None, stream.tell(), f"it is longer than {LONGEST_LINE} bytes")
            continue
        text = _plain(line)
        if text:
            yield _decoded(place, text, stream.tell())


def _skip_line(stream: IO[bytes]) -> None:
    while (part := stream.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass


def _plain(line: bytes) -> bytes:
    """A line without what may stand around a document: a byte order mark, and the separator of RFC 8142."""
    return line.removeprefix(_BYTE_ORDER_MARK).strip(b"\x1e \t\r\n")


def _whole(path: Path) -> Iterator[Found]:
    size = path.stat().st_size
    if size > LARGEST_WHOLE:
        problem = f"it is larger than {LARGEST_WHOLE} bytes; write one document on each line, in any number of them"
        yield Found(str(path), None, size, problem)
        return
    text = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    items = _items(text)
    if items is None:
        yield _decoded(str(path), text, size)
        return
    for number, item in enumerate(items, 1):
        yield _decoded(f"{path}: item {number}", bytes(item), size * number // len(items))


def _items(text: bytes) -> list[msgspec.Raw] | None:
    """The documents of a list or of a collection, not decoded yet; ``None`` for anything else."""
    try:
        is_list = text[:100].lstrip().startswith(b"[")
        return _MANY.decode(text) if is_list else msgspec.json.decode(text, type=_Collection).features
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decoded(place: str, text: bytes, position: int) -> Found:
    try:
        return Found(place, msgspec.json.decode(text), position)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Found(place, None, position, f"it is no JSON: {error}")
    except RecursionError:
        return Found(place, None, position, "it is nested too deeply")
