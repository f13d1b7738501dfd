"""What a process is there for (DESIGN section 1)."""

from collections.abc import Iterable
from enum import StrEnum

from domain.errors import InvalidValue


class Profile(StrEnum):
    """A part of the service that a process runs; the embedded default runs all of them."""

    CATALOG = "catalog"
    """The public front door: products, rights, licences, searches."""

    DOWNLOADER = "downloader"
    """The private API that bytes leave through: by checksum, by ticket; quota and availability."""

    STORAGE = "storage"
    """File references, storage locations, restorations, and the messages that tell of them."""


EVERY_PROFILE = frozenset(Profile)


def profiles_of(names: Iterable[str]) -> frozenset[Profile]:
    """The profiles of these names. Raises ``InvalidValue`` for a name that is none, and when there is no name."""
    found = set()
    for name in names:
        if name not in set(Profile):
            raise InvalidValue(f"{name!r} is no profile; there are {', '.join(Profile)}.")
        found.add(Profile(name))
    if not found:
        raise InvalidValue(f"A process has at least one profile of {', '.join(Profile)}.")
    return frozenset(found)


def relays(profiles: frozenset[Profile]) -> bool:
    """Whether files are delivered by other processes: the front door is here, and the downloader is not."""
    return Profile.CATALOG in profiles and Profile.DOWNLOADER not in profiles
