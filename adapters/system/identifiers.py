"""Identifiers and secrets from the system's random source."""

import secrets
import uuid

from application.ports.identifiers import IdSource

SECRET_BYTES = 32


class SystemIds(IdSource):
    """Random UUIDs, and secrets of 256 bits."""

    def new_id(self) -> str:
        return uuid.uuid4().hex

    def new_secret(self) -> str:
        return secrets.token_urlsafe(SECRET_BYTES)
