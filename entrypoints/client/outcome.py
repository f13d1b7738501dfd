"""What became of a file: it is there, or why it did not come."""

from enum import StrEnum

import attrs


class Failure(StrEnum):
    """Why a file did not come."""

    UNAUTHENTICATED = "unauthenticated"
    REFUSED = "refused"
    LICENCE = "licence"
    NOT_FOUND = "not-found"
    NEARLINE = "nearline"
    QUOTA = "quota"
    BUSY = "busy"
    BROKEN = "broken"
    WRONG_BYTES = "wrong-bytes"
    EXISTS = "exists"
    DISK = "disk"
    UNUSABLE = "unusable"

    @property
    def is_refusal(self) -> bool:
        """Whether trying again as the same person, without doing anything about it, cannot help."""
        return self in {Failure.UNAUTHENTICATED, Failure.REFUSED, Failure.LICENCE}


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a file. ``verified_by`` is the algorithm of the checksum that was compared, if there was one."""

    file: str
    path: str | None = None
    bytes: int = 0
    verified_by: str | None = None
    was_there: bool = False
    failure: Failure | None = None
    reason: str | None = None
