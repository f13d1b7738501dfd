"""Reading files of products: one JSON document, a collection of them, or one on each line."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import attrs
import msgspec

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one document: a line that goes on for longer is no product."""

_BY_LINE = {".ndjson", ".jsonl", ".geojsonl", ".ldjson"}


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
            yield from _whole(path, stream)


def _has_documents_by_line(stream: IO[bytes]) -> bool:
    """Whether the first line is a whole document, and not the only one."""
    first, second = stream.readline(LONGEST_LINE), stream.readline(2)
    stream.seek(0)
    if not second.strip() or not first.lstrip().startswith(b"{"):
        return False
    try:
        msgspec.json.decode(first)
    except msgspec.DecodeError:
        return False
    return True


def _lines(path: Path, stream: IO[bytes]) -> Iterator[Found]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        place = f"{path}: line {number}"
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            yield Found(place, None, stream.tell(), f"it is longer than {LONGEST_LINE} bytes; the rest is not read")
            return
        # RFC 8142: sequences of GeoJSON may begin each line with a record separator.
        text = line.strip(b"\x1e \t\r\n")
        if text:
            yield _decoded(place, text, stream.tell())


def _whole(path: Path, stream: IO[bytes]) -> Iterator[Found]:
    content = stream.read()
    found = _decoded(str(path), content, len(content))
    items = found.document.get("features") if isinstance(found.document, dict) else found.document
    if found.problem is not None or not isinstance(items, list):
        yield found
        return
    for number, item in enumerate(items, 1):
        yield Found(f"{path}: item {number}", item, len(content) * number // len(items))


def _decoded(place: str, text: bytes, position: int) -> Found:
    try:
        return Found(place, msgspec.json.decode(text), position)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Found(place, None, position, f"it is no JSON: {error}")
    except RecursionError:
        return Found(place, None, position, "it is nested too deeply")
