"""From ``file:`` URLs to open descriptors, confined to a root (DESIGN section 12)."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from adapters.storage.fence import Fence
from application.errors import CopyMissing, LocationRefused, StorageUnavailable

_LOCAL_HOSTS = {"", "localhost"}
_NO_SUCH_NAME = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
"""A name that no file can have, or that leads round in circles, is as good as missing."""


def path_in_root(url: str, root: str) -> str:
    """The absolute path that a URL names, if it lies under ``root`` as written. No I/O.

    Takes ``file:/p``, ``file:///p`` and ``file://localhost/p``, percent-encoded. Raises ``LocationRefused``.
    """
    if not url.lower().startswith("file:"):
        raise LocationRefused("A Local storage reads file: URLs only.")
    if "?" in url or "#" in url:
        raise LocationRefused("A file: URL of a Local storage has no query and no fragment; write %3F and %23.")
    try:
        parts = urlsplit(url)
        path = os.fsdecode(unquote_to_bytes(parts.path))
    except ValueError as error:
        raise LocationRefused("The URL cannot be read.") from error
    if parts.netloc.lower() not in _LOCAL_HOSTS or not parts.path.startswith("/"):
        raise LocationRefused("A file: URL of a Local storage is absolute and names no other host.")
    if "\x00" in path or ".." in path.split("/"):
        raise LocationRefused("A file: URL of a Local storage has neither NUL nor '..'.")
    clean = os.path.normpath(path)
    if not _is_inside(clean, os.path.normpath(root)):
        raise LocationRefused("The URL lies outside the root of this storage.")
    return clean


def open_in_root(path: str, root: str, fence: Fence) -> int:
    """A descriptor of a regular file whose real place is under the real root; symbolic links may not lead out.

    The check is made on the opened descriptor where the system tells its place, so that nothing can be swapped in
    between. Raises ``CopyMissing``, ``LocationRefused``, ``StorageUnavailable``.
    """
    try:
        # O_NONBLOCK: a pipe or a device under the root must not block the opening.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CopyMissing("The storage has no such file.") from error
    except OSError as error:
        if error.errno in _NO_SUCH_NAME:
            raise CopyMissing("The storage has no such file.") from error
        raise StorageUnavailable(f"The storage could not open the file ({error.strerror}).") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LocationRefused("The URL does not name a regular file.")
        real = _real_path(descriptor, path)
        if not _is_inside(real, os.path.realpath(root)) or fence.forbids(real):
            raise LocationRefused("The URL leads outside of what this storage may read.")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _real_path(descriptor: int, path: str) -> str:
    with suppress(OSError):
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    real = os.path.realpath(path)
    # Without /proc, be sure that the resolved path still names what was opened.
    if not os.path.samestat(Path(real).stat(), os.fstat(descriptor)):
        raise LocationRefused("The file was replaced while it was opened.")
    return real


def _is_inside(path: str, root: str) -> bool:
    return path != root and path.startswith(root.rstrip("/") + "/")
