"""Files with keys: made once, whole, and readable by their owner only."""

import os
import secrets
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnusableKey(Exception):
    """The key is too short, or others can read its file; the message says what to do and never quotes the key."""


def read_or_create(path: Path, fresh: bytes) -> bytes:
    """What is in the file; a missing one is made with ``fresh``, for its owner only.

    Of several processes that start at once, one makes the file and all use it. Raises ``UnusableKey`` and ``OSError``.
    """
    if not path.exists():
        create(path, fresh)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
            raise UnusableKey(f"Others than its owner can use the key file {path}. Run: chmod 600 {path}")
        return file.read()


def create(path: Path, content: bytes) -> None:
    """Write everything under another name first, so that nobody ever reads a part; a file that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # Another process was first; its key is the one.
    finally:
        draft.unlink()
