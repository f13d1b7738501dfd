"""The keys that seal the secrets of storages: given by the operator, or made on first start and kept in a file."""

import base64
import binascii
import secrets
from pathlib import Path

from adapters.security.private_files import UnusableKey, read_or_create

SECRET_KEY_BYTES = 32


def secret_keys(given: str, path: Path) -> tuple[bytes, ...]:
    """The keys, newest first: the operator's if there are any, else those in the file, one a line.

    A missing file is made with one random key. Each key is 32 bytes in base64. Raises ``UnusableKey`` and ``OSError``.
    """
    if keys := _keys(given.replace(",", " "), "RS_DOWNLOADER_SECRET_KEYS"):
        return keys
    fresh = base64.b64encode(secrets.token_bytes(SECRET_KEY_BYTES)) + b"\n"
    keys = _keys(read_or_create(path, fresh).decode("ascii", "replace"), f"The key file {path}")
    if not keys:
        raise UnusableKey(f"The key file {path} is empty. Put the lost key back, or remove the file for a new one.")
    return keys


def _keys(text: str, origin: str) -> tuple[bytes, ...]:
    keys: list[bytes] = []
    for number, word in enumerate(text.split(), start=1):
        try:
            key = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != SECRET_KEY_BYTES:
            raise UnusableKey(
                f"{origin}: key {number} is not {SECRET_KEY_BYTES} bytes in base64. "
                "Make one with: openssl rand -base64 32"
            )
        keys.append(key)
    return tuple(keys)
