"""Which copy is best: the order in which the copies of a file are tried (DESIGN section 5, step 3)."""

from collections.abc import Iterable
from enum import IntEnum

import attrs

from domain.errors import CopiesUnreachable, DomainError, FileNotReadable, RestorationNeeded
from domain.file import FileLocation
from domain.storage_location import StorageLocation, StorageType


@attrs.frozen
class Copy:
    """A file location together with its storage; ``storage`` is ``None`` when nothing of that name is configured."""

    location: FileLocation
    storage: StorageLocation | None


class Readiness(IntEnum):
    """How near a copy is to being read, best first."""

    READABLE = 0
    DOWN = 1
    RESTORABLE = 2
    NEVER = 3


def readiness(copy: Copy) -> Readiness:
    """Classify one copy from what is recorded, without asking its storage.

    A storage that is switched off, or a copy that failed a verification, may come back: DOWN.
    """
    storage = copy.storage
    if storage is None or storage.storage_type is StorageType.OFFLINE:
        return Readiness.NEVER
    if not storage.active or copy.location.is_suspect:
        return Readiness.DOWN
    if storage.storage_type is StorageType.NEARLINE:
        return Readiness.RESTORABLE
    return Readiness.READABLE


def in_order_of_choice(copies: Iterable[Copy]) -> tuple[Copy, ...]:
    """The copies that may be read now, in the order to try them: by storage priority, then name."""
    ready = [copy for copy in copies if readiness(copy) is Readiness.READABLE]
    return tuple(sorted(ready, key=_preference))


def why_none_is_readable(copies: Iterable[Copy]) -> DomainError:
    """The refusal for a file of which no copy can be read now.

    A copy that is down may come back (try later); else one that can be restored (ask for it); else none ever will.
    """
    best = min((readiness(copy) for copy in copies), default=Readiness.NEVER)
    if best in (Readiness.READABLE, Readiness.DOWN):
        return CopiesUnreachable(
            "Every copy of this file is on a storage that is down, or waits for a repair. Try again later."
        )
    if best is Readiness.RESTORABLE:
        return RestorationNeeded("This file is on a nearline storage and must be restored before it can be downloaded.")
    return FileNotReadable("No copy of this file is on a storage that can be read.")


def _preference(copy: Copy) -> tuple[int, str]:
    assert copy.storage is not None, "only readable copies are compared"
    return copy.storage.priority, copy.storage.name
