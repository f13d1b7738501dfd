"""What an S3Glacier storage is configured with, by upstream's names: those of its code, and those of its pages."""

import attrs

from adapters.storage.plugin import parameter
from adapters.storage.s3.parameters import S3Parameters
from domain.errors import InvalidValue

TIERS = ("Standard", "Bulk", "Expedited")


def _absolute(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if value and (not value.startswith("/") or "\x00" in value or ".." in value.split("/")):
        raise InvalidValue("Small_File_Workspace_Path must be an absolute path without '..'.")


@attrs.frozen(kw_only=True)
class GlacierParameters(S3Parameters):
    """All parameters of S3, and those of sleeping objects; what only concerns storing is accepted and unused."""

    workspace: str = parameter(
        "Small_File_Workspace_Path",
        "STRING",
        "Folder in which upstream gathers small files until their archive is sent; empty reads none of them.",
        aliases=("Glacier_Workspace_Path",),
        default="",
        validator=_absolute,
    )
    small_file_size: int = parameter(
        "Small_File_Max_Size",
        "INTEGER",
        "Unused: nothing is stored.",
        unit="bytes",
        aliases=("Glacier_Small_File_Max_Size",),
        default=1_048_576,
    )
    archive_size: int = parameter(
        "Small_File_Archive_Max_Size",
        "INTEGER",
        "Unused: nothing is stored.",
        unit="bytes",
        aliases=("Glacier_Small_File_Archive_Max_Size",),
        default=10_485_760,
    )
    archive_hours: int = parameter(
        "Small_File_Archive_Duration_In_Hours",
        "INTEGER",
        "Unused: nothing is stored.",
        unit="hours",
        aliases=("Glacier_Small_File_Archive_Duration_In_Hours",),
        default=24,
    )
    parallel_restorations: int = parameter(
        "Small_File_Parallel_Restore_Number",
        "INTEGER",
        "Unused: the workers of restorations decide.",
        aliases=("Glacier_Parallel_Restore_Number",),
        default=20,
    )
    parallel_uploads: int = parameter(
        "Small_File_Parallel_Upload_Number",
        "INTEGER",
        "Unused: nothing is stored.",
        aliases=("Glacier_Parallel_Upload_Number",),
        default=5,
    )
    local_hours: int = parameter(
        "Small_File_Local_Workspace_File_Lifetime_In_Hours",
        "INTEGER",
        "Unused: nothing is kept in the workspace.",
        unit="hours",
        aliases=("Glacier_Local_Workspace_File_Lifetime_In_Hours",),
        default=24,
    )
    parallel_questions: int = parameter(
        "Glacier_Parallel_Availability_Number",
        "INTEGER",
        "Objects that the server is asked about at once, for one question.",
        minimum=1,
        maximum=1000,
        default=10,
    )
    try_timeout: int = parameter(
        "Glacier_S3_Access_Try_Timeout",
        "INTEGER",
        "Unused: a restoration without progress is given up by the service's own watchdog.",
        unit="seconds",
        default=3600,
    )
    availability_timeout: float = parameter(
        "Glacier_Availability_Timeout",
        "DOUBLE",
        "Longest time for one question; what has no answer by then counts as an error.",
        unit="seconds",
        minimum=0.001,
        maximum=3600,
        default=8.0,
    )
    standard_class: str = parameter(
        "standardStorageClassName",
        "STRING",
        "Storage class, besides S3's own, of which the server's objects can be read at once.",
        default="",
    )
    external_cache: bool = parameter(
        "useExternalCacheName",
        "BOOLEAN",
        "Whether restored objects are served from where they are; else they are copied into the service's cache.",
        default=False,
    )
    tier: str = parameter(
        "Glacier_Restore_Tier",
        "STRING",
        "How fast, and how dearly, objects are restored.",
        choices=TIERS,
        default="Standard",
    )
