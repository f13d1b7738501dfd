"""Secrets sealed with AES-256-GCM: ``v1.<key id>.<nonce and ciphertext in base64>``."""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.errors import SecretUnreadable
from application.ports.secrets import SecretBox, SecretPlace

_VERSION = "v1"
_NONCE_BYTES = 12
_ANEW = "Give the secret anew, or put its key back."


class AesSecretBox(SecretBox):
    """Seals with the first key, opens with whichever fits.

    The nonce is random, and the place and the key's id are authenticated with the secret: what is sealed cannot be
    moved to another storage, nor changed in any bit. A key's id is the beginning of its SHA-256 digest.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("A secret box needs a key.")
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self._newest = _id_of(keys[0])

    def seal(self, secret: str, place: SecretPlace) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        # A lone surrogate is no UTF-8, and must not make a secret unsavable.
        sealed = self._ciphers[self._newest].encrypt(
            nonce, secret.encode("utf-8", "surrogatepass"), _bound(place, self._newest)
        )
        return f"{_VERSION}.{self._newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: SecretPlace) -> str:
        parts = sealed.split(".")
        if len(parts) != 3 or parts[0] != _VERSION:
            raise SecretUnreadable(f"The secret {place.parameter!r} is not stored in a form that is known. {_ANEW}")
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise SecretUnreadable(
                f"The secret {place.parameter!r} is sealed with the key {parts[1]}, which this instance does not have. "
                "All instances need the same RS_DOWNLOADER_SECRET_KEYS, or the same file secrets.key in their data "
                "folders."
            )
        try:
            raw = base64.b64decode(parts[2].encode("ascii", "replace"), altchars=b"-_", validate=True)
            opened = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(place, parts[1]))
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretUnreadable(
                f"The secret {place.parameter!r} was changed where it is stored, or belongs elsewhere. {_ANEW}"
            ) from None
        return opened.decode("utf-8", "surrogatepass")

    def is_newest(self, sealed: str) -> bool:
        return sealed.startswith(f"{_VERSION}.{self._newest}.")


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"rs-downloader key id\0" + key).hexdigest()[:8]


def _bound(place: SecretPlace, key_id: str) -> bytes:
    return json.dumps([_VERSION, key_id, place.tenant, place.storage, place.parameter]).encode()
