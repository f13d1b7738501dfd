"""Header fields of a download answer (DESIGN section 5; contract-downloader 1.2)."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from litestar.datastructures import Headers

from domain import file_name
from domain.digest import digest_fields
from domain.file import ArchiveFile
from domain.preconditions import Conditions

HeaderList = list[tuple[str, str]]


def http_date(moment: datetime) -> str:
    """An instant as RFC 9110 section 5.6.7 writes it, to the second."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def content_disposition(file: ArchiveFile, *, inline: bool) -> str:
    """Both forms of the name, and upstream's ``size``."""
    return f"{file_name.content_disposition(file.file_name, is_inline=inline)}; size={file.size_bytes}"


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
