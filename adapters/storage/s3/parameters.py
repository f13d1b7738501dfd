"""What an S3 storage is configured with, by upstream's names."""

import re

import attrs

from adapters.storage.plugin import parameter
from adapters.storage.s3.urls import require_endpoint
from domain.errors import InvalidValue

ADDRESSING_STYLES = ("path", "virtual", "auto")

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


def _endpoint(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    require_endpoint(value)


def _filled(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not value or not value.isprintable():
        raise InvalidValue(f"The {attribute.name} must not be empty.")


def _bucket(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if not _BUCKET.fullmatch(value):
        raise InvalidValue("S3_Server_Bucket is no name of a bucket.")


def _trimmed(value: str) -> str:
    return value.strip("/")


def _root(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if "\x00" in value or not {".", ".."}.isdisjoint(value.split("/")):
        raise InvalidValue("Root_Path has neither NUL nor '.' or '..' between slashes.")


@attrs.frozen(kw_only=True)
class S3Parameters:
    """Parameters by upstream's names; those that only concern storing are accepted and unused, since we only read."""

    endpoint: str = parameter(
        "S3_Server_Endpoint", "STRING", "URL of the server, as in https://s3.example.org.", validator=_endpoint
    )
    region: str = parameter("S3_Server_Region", "STRING", "Region that requests are signed for.", validator=_filled)
    key: str = parameter("S3_Server_Key", "STRING", "Access key.", validator=_filled)
    secret: str = parameter("S3_Server_Secret", "STRING", "Secret key.", secret=True, validator=_filled)
    bucket: str = parameter("S3_Server_Bucket", "STRING", "Bucket that holds the objects.", validator=_bucket)
    root: str = parameter(
        "Root_Path",
        "STRING",
        "Only keys below this are read; slashes at its ends do not matter.",
        default="",
        converter=_trimmed,
        validator=_root,
    )
    multipart_threshold: int = parameter(
        "Upload_With_Multipart_Threshold_In_Mb", "INTEGER", "Unused: nothing is stored.", unit="megabytes", default=5
    )
    multipart_parts: int = parameter(
        "Upload_With_Multipart_Parallel_Part_Number", "INTEGER", "Unused: nothing is stored.", default=5
    )
    allow_deletion: bool = parameter("S3_Allow_Deletion", "BOOLEAN", "Unused: nothing is deleted.", default=False)
    naming: str = parameter("File_Naming_Strategy", "STRING", "Unused: nothing is stored.", default="CHECKSUM")
    public_endpoint: str = parameter(
        "S3_Public_Endpoint",
        "STRING",
        "URL by which clients reach the server when they are redirected to it; empty is S3_Server_Endpoint.",
        default="",
    )
    addressing: str = parameter(
        "S3_Addressing_Style",
        "STRING",
        "How requests name the bucket: path, virtual (as a host name) or auto.",
        default="path",
        choices=ADDRESSING_STYLES,
    )
    connect_timeout: float = parameter(
        "S3_Connect_Timeout", "DOUBLE", "Longest wait for a connection.", unit="seconds", default=3.0, minimum=0.1
    )
    read_timeout: float = parameter(
        "S3_Read_Timeout",
        "DOUBLE",
        "Longest wait for the next byte of an answer.",
        unit="seconds",
        default=20.0,
        minimum=0.1,
    )
    receive_buffer: int = parameter(
        "S3_Receive_Buffer",
        "LONG",
        "Receive buffer of each connection: more is faster over long distances and costs memory for slow clients; "
        "0 leaves it to the system.",
        unit="bytes",
        default=65536,
        minimum=0,
        maximum=2**30,
    )
    connections: int = parameter(
        "S3_Max_Connections",
        "INTEGER",
        "Connections to the server at once, one for each download that runs.",
        default=1000,
        minimum=1,
    )

    def __attrs_post_init__(self) -> None:
        if self.public_endpoint:
            require_endpoint(self.public_endpoint)
