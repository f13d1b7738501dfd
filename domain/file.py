"""Files and their copies: immutable bytes known by tenant and checksum."""

from datetime import datetime
from enum import StrEnum

import attrs

from domain.errors import InvalidValue
from domain.text import is_storable

LONGEST_KEY = 1024
"""Bytes, as UTF-8, of what files and products are found by: an entry of an index has room for no more."""

_MOST_BYTES = 2**63 - 1


class DataType(StrEnum):
    """Upstream's data types; only ``RAWDATA`` is counted against a quota."""

    RAWDATA = "RAWDATA"
    QUICKLOOK_SD = "QUICKLOOK_SD"
    QUICKLOOK_MD = "QUICKLOOK_MD"
    QUICKLOOK_HD = "QUICKLOOK_HD"
    THUMBNAIL = "THUMBNAIL"
    DOCUMENT = "DOCUMENT"
    DESCRIPTION = "DESCRIPTION"
    AIP = "AIP"
    OTHER = "OTHER"


def _filled(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_storable(value):
        raise InvalidValue(f"{attribute.name} must be a non-empty text of valid Unicode without NUL.")


def _one_segment(instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    """A checksum is a segment of every URL that leads to its file, and a slash would end the segment."""
    _filled(instance, attribute, value)
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValue(f"{attribute.name} must be a text of at most {LONGEST_KEY} bytes of UTF-8.")
    if "/" in value or value in {".", ".."}:
        raise InvalidValue(f"{attribute.name} must fit into one segment of a URL: no '/', and neither '.' nor '..'.")


def _not_negative(_instance: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < 0:
        raise InvalidValue(f"{attribute.name} must not be negative, but is {value}.")
    if value > _MOST_BYTES:
        raise InvalidValue(f"{attribute.name} must be a number of 64 bits.")


@attrs.frozen(kw_only=True)
class ArchiveFile:
    """One file of the archive. ``checksum`` is an exact, case-sensitive key (contract-downloader 1.2)."""

    tenant: str
    checksum: str = attrs.field(validator=_one_segment)
    algorithm: str = attrs.field(validator=_filled)
    size_bytes: int = attrs.field(validator=_not_negative)
    file_name: str = attrs.field(validator=_filled)
    media_type: str = attrs.field(validator=_filled)
    data_type: DataType
    registered_at: datetime
    height: int | None = None
    width: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether a copy of this file costs a unit (DESIGN section 4)."""
        return self.data_type is DataType.RAWDATA

    @property
    def e_tag(self) -> str:
        """Strong entity tag, from the checksum (RFC 9110 section 8.8.3), quotes included.

        Characters that an entity tag cannot hold are percent-encoded, so that distinct checksums stay distinct.
        """
        if self.checksum.isascii() and self.checksum.isalnum():
            return f'"{self.checksum}"'
        safe = "".join(c if 0x21 <= ord(c) <= 0x7E and c not in '"%' else "%" + c.encode().hex() for c in self.checksum)
        return f'"{safe}"'

    @property
    def content_type(self) -> str:
        """The stored media type, unless it could not stand in a header."""
        is_sendable = self.media_type.isascii() and self.media_type.isprintable()
        return self.media_type if is_sendable else "application/octet-stream"


@attrs.frozen(kw_only=True)
class FileLocation:
    """One copy of a file: a storage name and the URL that the storage understands.

    ``version`` is what the storage said of the bytes' identity when the copy was registered (for a disk: size, change
    time and inode); ``None`` when it could not say. A copy whose version no longer matches is never sent.
    ``verified_at`` is when a whole reading of the copy last had the right digest.
    """

    tenant: str
    checksum: str
    storage: str = attrs.field(validator=_filled)
    url: str = attrs.field(validator=_filled)
    stored_at: datetime
    version: str | None = None
    referenced: bool = True
    pending: bool = False
    nearline_confirmed: bool = False
    suspect_since: datetime | None = None
    suspect_reason: str | None = None
    verified_at: datetime | None = None

    @property
    def is_suspect(self) -> bool:
        """Whether this copy failed a verification and waits for an operator."""
        return self.suspect_since is not None
