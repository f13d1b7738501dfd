"""Header fields of a download answer (DESIGN section 5; contract-downloader 1.2)."""

import unicodedata
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from litestar.datastructures import Headers

from domain.digest import digest_fields
from domain.file import ArchiveFile
from domain.preconditions import Conditions

HeaderList = list[tuple[str, str]]

_UNSAFE_IN_NAMES = frozenset('"\\/:;*?<>|%\x7f')


def http_date(moment: datetime) -> str:
    """An instant as RFC 9110 section 5.6.7 writes it, to the second."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def plain_file_name(name: str) -> str:
    """An ASCII name that no client can take for a path or a header (peers, finding 8)."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    ascii_only = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    safe = "".join("_" if c in _UNSAFE_IN_NAMES or not c.isprintable() else c for c in ascii_only).strip(" .")
    return safe or "download"


def content_disposition(file: ArchiveFile, *, inline: bool) -> str:
    """``attachment`` or ``inline`` with both forms of the name, the plain one first, and upstream's ``size``."""
    kind = "inline" if inline else "attachment"
    plain = plain_file_name(file.file_name)
    exact = file.file_name.replace("\\", "/").rsplit("/", 1)[-1]
    extended = f"; filename*=UTF-8''{quote(exact, safe='')}" if exact != plain and exact not in {"", ".", ".."} else ""
    return f'{kind}; filename="{plain}"{extended}; size={file.size_bytes}'


def validators(file: ArchiveFile) -> HeaderList:
    """The fields that 200, 206, 304 and HEAD share."""
    return [
        ("etag", file.e_tag),
        ("last-modified", http_date(file.registered_at)),
        ("cache-control", "private"),
    ]


def representation(file: ArchiveFile, *, inline: bool) -> HeaderList:
    """Fields of an answer that carries bytes of the file, or describes them."""
    fields = [
        *validators(file),
        ("accept-ranges", "bytes"),
        ("content-disposition", content_disposition(file, inline=inline)),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN" if inline else "DENY"),
    ]
    if inline:
        fields.append(("content-security-policy", "sandbox"))
    if digests := digest_fields(file.algorithm, file.checksum):
        fields += [("repr-digest", digests.repr_digest), ("digest", digests.digest)]
    return fields


def media_type(file: ArchiveFile) -> str:
    """The stored media type, unless it could not stand in a header."""
    return (
        file.media_type if file.media_type.isascii() and file.media_type.isprintable() else "application/octet-stream"
    )


def conditions_of(headers: Headers) -> Conditions:
    """The conditional fields of a request. Unreadable dates count as absent (RFC 9110 section 13.1.3)."""
    return Conditions(
        if_match=_joined(headers, "if-match"),
        if_none_match=_joined(headers, "if-none-match"),
        if_modified_since=_date(headers.get("if-modified-since")),
        if_unmodified_since=_date(headers.get("if-unmodified-since")),
        if_range=_if_range(headers.get("if-range")),
        range=headers.get("range"),
    )


def _joined(headers: Headers, name: str) -> str | None:
    values = headers.getall(name, [])
    return ", ".join(values) if values else None


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # A year or an offset of twenty digits is an OverflowError.
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _if_range(text: str | None) -> str | datetime | None:
    """An entity tag, or a date; anything unreadable matches nothing, so that the whole file is sent."""
    if text is None or '"' in text:
        return text
    return _date(text) or text
