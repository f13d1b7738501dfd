"""The key that signs and verifies session tokens: given by the operator, or made on first start and kept in a file."""

import os
import secrets
import stat
from pathlib import Path

KEY_BYTES = 64
"""As long as the digest of HS512 (RFC 7518 section 3.2 asks for no less)."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnusableKey(Exception):
    """The key is too short, or others can read its file; the message says what to do and never quotes the key."""


def signing_key(secret: str, path: Path) -> bytes:
    """The operator's secret if there is one, else the key in the file, which is made if it is missing.

    Raises ``UnusableKey`` and ``OSError``.
    """
    if not secret:
        return load_or_create_key(path)
    key = secret.encode()
    if len(key) < KEY_BYTES:
        raise UnusableKey(f"The token key has {len(key)} bytes; give at least {KEY_BYTES} random ones.")
    return key


def load_or_create_key(path: Path) -> bytes:
    """The key in the file; a missing file is made with 64 random bytes that only its owner can read.

    Of several processes that start at once, one makes the key and all use it. Raises ``UnusableKey`` and ``OSError``.
    """
    if not path.exists():
        _create(path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
            raise UnusableKey(f"Others than its owner can use the key file {path}. Run: chmod 600 {path}")
        key = file.read()
    if len(key) < KEY_BYTES:
        raise UnusableKey(
            f"The key file {path} has {len(key)} bytes, not at least {KEY_BYTES}. Remove it for a new one."
        )
    return key


def _create(path: Path) -> None:
    """Write the whole key under another name first, so that nobody ever reads a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # Another process was first; its key is the one.
    finally:
        draft.unlink()
