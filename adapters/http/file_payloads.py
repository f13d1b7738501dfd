"""How files and their copies look on the wire (contract-downloader 8.2, the file reference)."""

from typing import Annotated

import msgspec

from adapters.http.payloads import Count, Instant, Payload, instant, instant_or_none
from application.ports.files import FilePage, FoundFile
from application.use_cases.register_files import NewFile
from domain.file import ArchiveFile, DataType, FileLocation

MOST_FILES = 1000
"""Files in one batch."""

Checksum = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=128,
        description="The key of the file, exact and case-sensitive.",
        examples=["9e107d9d372bb6826bd81d3542a419d6"],
    ),
]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class FileMetaInfo(Payload):
    """What is known of a file."""

    checksum: Checksum
    algorithm: Annotated[str, msgspec.Meta(min_length=1, max_length=16, examples=["MD5"])]
    file_name: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    file_size: Annotated[Count, msgspec.Meta(description="In bytes.")]
    mime_type: Annotated[str, msgspec.Meta(min_length=1, max_length=255, examples=["image/tiff"])]
    type: Annotated[
        str,
        msgspec.Meta(description="Only RAWDATA is counted.", extra_json_schema={"enum": [t.value for t in DataType]}),
    ]
    height: Pixels | None = None
    width: Pixels | None = None

    @classmethod
    def of(cls, file: ArchiveFile) -> "FileMetaInfo":
        """The record of a file."""
        return cls(
            checksum=file.checksum,
            algorithm=file.algorithm,
            file_name=file.file_name,
            file_size=file.size_bytes,
            mime_type=file.media_type,
            type=file.data_type.value,
            height=file.height,
            width=file.width,
        )


class NewLocation(Payload):
    """Where a copy is."""

    storage: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2048, examples=["file:///archive/9e/10/9e107d9d.tif"])]


class FileRegistration(Payload):
    """One file with one copy."""

    meta_info: FileMetaInfo
    location: NewLocation

    def new_file(self) -> NewFile:
        """What the use case reads."""
        return NewFile(
            checksum=self.meta_info.checksum,
            algorithm=self.meta_info.algorithm,
            file_name=self.meta_info.file_name,
            size_bytes=self.meta_info.file_size,
            media_type=self.meta_info.mime_type,
            data_type=self.meta_info.type,
            storage=self.location.storage,
            url=self.location.url,
            height=self.meta_info.height,
            width=self.meta_info.width,
        )


class FileBatch(Payload):
    """Files to register: all of them, or none."""

    files: Annotated[list[FileRegistration], msgspec.Meta(min_length=1, max_length=MOST_FILES)]


class RegisteredFiles(Payload):
    """How many files of the batch are registered now."""

    registered: Count
    warnings: Annotated[
        list[str] | None,
        msgspec.Meta(description="What of the batch cannot be verified although its storage verifies."),
    ] = None


class CopyOfFile(Payload, kw_only=True):
    """One copy. `version` is its identity as its storage gave it; `suspectSince` marks one that failed a check."""

    storage: str
    url: str
    storage_date: Instant
    version: str | None = None
    referenced: bool
    pending_action_remaining: bool
    nearline_confirmed: bool
    suspect_since: Instant | None = None
    suspect_reason: str | None = None

    @classmethod
    def of(cls, location: FileLocation) -> "CopyOfFile":
        """The record of a copy."""
        return cls(
            storage=location.storage,
            url=location.url,
            storage_date=instant(location.stored_at),
            version=location.version,
            referenced=location.referenced,
            pending_action_remaining=location.pending,
            nearline_confirmed=location.nearline_confirmed,
            suspect_since=instant_or_none(location.suspect_since),
            suspect_reason=location.suspect_reason,
        )


class RegisteredFile(Payload):
    """A file with all its copies."""

    meta_info: FileMetaInfo
    registered_at: Instant
    locations: list[CopyOfFile]

    @classmethod
    def of(cls, found: FoundFile) -> "RegisteredFile":
        """The records of a file."""
        return cls(
            meta_info=FileMetaInfo.of(found.file),
            registered_at=instant(found.file.registered_at),
            locations=[CopyOfFile.of(copy.location) for copy in found.copies],
        )


class FileListing(Payload):
    """Files in checksum order; `nextAfter`, sent as `after`, continues the listing."""

    files: list[RegisteredFile]
    next_after: str | None = None

    @classmethod
    def of(cls, page: FilePage) -> "FileListing":
        """One page."""
        return cls(files=[RegisteredFile.of(found) for found in page.files], next_after=page.next_after)


class CopyVerification(Payload):
    """What a full reading of a copy showed."""

    checksum: str
    storage: str
    correct: bool
    reason: Annotated[str | None, msgspec.Meta(description="What is wrong with the copy.")] = None


_META = {
    "checksum": "9e107d9d372bb6826bd81d3542a419d6",
    "algorithm": "MD5",
    "fileName": "image.tif",
    "fileSize": 43,
    "mimeType": "image/tiff",
    "type": "RAWDATA",
}
FILE_EXAMPLE = {
    "metaInfo": _META,
    "registeredAt": "2026-11-21T09:00:00.000000Z",
    "locations": [
        {
            "storage": "disk-1",
            "url": "file:///archive/image.tif",
            "storageDate": "2026-11-21T09:00:00.000000Z",
            "version": "43-1763712000000000000-131",
            "referenced": True,
            "pendingActionRemaining": False,
            "nearlineConfirmed": False,
        }
    ],
}
