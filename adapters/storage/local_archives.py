"""Which ``file:`` URLs name a member of a zip archive, and opening it while others may add to the archive."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from urllib.parse import quote, unquote_to_bytes

import attrs

from adapters.storage.local_paths import path_in_root
from adapters.storage.zip_member import open_member
from application.errors import CopyMisread, LocationRefused
from application.ports.storage import ByteSource

MEMBER_QUERY = "?fileName="
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)
"""Between looks at an archive that does not fit together: somebody may be writing its directory just now."""

_UPSTREAM_ARCHIVE = re.compile(r"regards_.*\.zip", re.DOTALL)
"""Upstream puts small files together under such names; the URL of each is the archive's, its member the checksum."""


@attrs.frozen
class LocalPlace:
    """A file, or a member of the archive that the file is."""

    path: str
    member: str | None

    @classmethod
    def of(cls, url: str, root: str) -> "LocalPlace":
        """What a URL names, if it lies under ``root`` as written. No I/O. Raises ``LocationRefused``."""
        file_url, mark, encoded = url.partition(MEMBER_QUERY)
        path = path_in_root(file_url, root)
        return cls(path, _member_name(encoded) if mark else None)


def member_url(url: str, root: str, checksum: str) -> str:
    """The URL of the member that upstream means: in one of its archives the one named by the checksum."""
    place = LocalPlace.of(url, root)
    if place.member is None and _UPSTREAM_ARCHIVE.fullmatch(PurePosixPath(place.path).name):
        return f"{url}{MEMBER_QUERY}{quote(checksum, safe='')}"
    return url


async def open_growing(
    open_archive: Callable[[], Awaitable[ByteSource]],
    member: str,
    size_bytes: int | None,
    pauses_seconds: tuple[float, ...] = PAUSES_SECONDS,
) -> ByteSource:
    """A member of an archive, looked for again for a while when the archive is being written."""
    for pause in pauses_seconds:
        try:
            return await open_member(await open_archive(), member, size_bytes)
        except CopyMisread:
            await asyncio.sleep(pause)
    return await open_member(await open_archive(), member, size_bytes)


def _member_name(encoded: str) -> str:
    try:
        name = unquote_to_bytes(encoded).decode()
    except ValueError as error:
        raise LocationRefused("The name of the archive's member is not UTF-8, percent-encoded.") from error
    if not name or "\x00" in name or "#" in encoded:
        raise LocationRefused("The name of the archive's member is empty, or has NUL or an unencoded '#'.")
    return name
