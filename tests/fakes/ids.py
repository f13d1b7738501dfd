"""Identifiers that count up, so that a failing test reads the same each time."""

import hashlib

from application.ports.identifiers import IdSource


class SequentialIds(IdSource):
    """``id-0001``, ``id-0002``, ... and secrets of 43 URL-safe characters, as 256 random bits have."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._ids = 0
        self._secrets = 0

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._prefix}-{self._ids:04d}"

    def new_secret(self) -> str:
        self._secrets += 1
        return hashlib.sha256(f"{self._prefix}-secret-{self._secrets}".encode()).hexdigest()[:43]
