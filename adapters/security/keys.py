"""The key that signs and verifies session tokens: given by the operator, or made on first start and kept in a file."""

import secrets
from pathlib import Path

from adapters.security.private_files import UnusableKey, read_or_create

KEY_BYTES = 64
"""As long as the digest of HS512 (RFC 7518 section 3.2 asks for no less)."""


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
    key = read_or_create(path, secrets.token_bytes(KEY_BYTES))
    if len(key) < KEY_BYTES:
        raise UnusableKey(
            f"The key file {path} has {len(key)} bytes, not at least {KEY_BYTES}. Remove it for a new one."
        )
    return key
