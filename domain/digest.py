"""Digests: names of checksum algorithms and the fields that tell them to clients (RFC 9530, RFC 3230)."""

import base64
import binascii
import hashlib
import zlib
from typing import Protocol

import attrs


class Hasher(Protocol):
    """What ``hashlib`` objects and our checksums have in common."""

    def update(self, data: bytes, /) -> None:
        """Feed bytes."""

    def hexdigest(self) -> str:
        """The digest so far, in lower-case hexadecimal."""


@attrs.define
class _Crc:
    """CRC-32 or Adler-32 with the interface of a hash."""

    adler: bool
    value: int

    def update(self, data: bytes, /) -> None:
        self.value = zlib.adler32(data, self.value) if self.adler else zlib.crc32(data, self.value)

    def hexdigest(self) -> str:
        return f"{self.value:08x}"


_HASHLIB = {"md5": "md5", "sha": "sha1", "sha1": "sha1", "sha224": "sha224", "sha256": "sha256", "sha384": "sha384"}
_HASHLIB |= {"sha512": "sha512", "blake2b": "blake2b", "blake2s": "blake2s"}
_REGISTERED = {"md5": "md5", "sha1": "sha", "sha256": "sha-256", "sha512": "sha-512", "adler32": "adler"}
"""IANA's HTTP digest algorithm names for the algorithms we know."""


COMPUTABLE = frozenset({*_HASHLIB, "adler32", "crc32"})
"""The algorithms that can be computed here, in small letters without hyphens and underscores."""


def canonical(algorithm: str) -> str:
    """One spelling for ``SHA-256``, ``sha256``, ``SHA_256``."""
    plain = algorithm.lower().replace("-", "").replace("_", "")
    return _HASHLIB.get(plain, plain)


def hasher(algorithm: str) -> Hasher | None:
    """A new hash for a stored algorithm name, or ``None`` when we cannot compute it."""
    name = canonical(algorithm)
    if name in _HASHLIB.values():
        return hashlib.new(name, usedforsecurity=False)
    if name in {"adler32", "crc32"}:
        return _Crc(adler=name == "adler32", value=1 if name == "adler32" else 0)
    return None


def can_compute(algorithm: str) -> bool:
    """Whether a file of this algorithm can be verified here."""
    return algorithm.lower().replace("-", "").replace("_", "") in COMPUTABLE


def matches(hexdigest: str, checksum: str) -> bool:
    """Whether a computed digest is the stored checksum; hexadecimal digits compare without case.

    Programs that print a checksum as a number (Java's ``Long.toHexString``) leave out its leading zeros.
    """
    return hexdigest.lower() == checksum.lower().zfill(len(hexdigest))


@attrs.frozen
class DigestFields:
    """Values of ``Repr-Digest`` (RFC 9530) and the older ``Digest`` (RFC 3230), which is what clients check today."""

    repr_digest: str
    digest: str


def digest_fields(algorithm: str, checksum: str) -> DigestFields | None:
    """The fields for a stored checksum; ``None`` if its algorithm has no registered name or it is no such digest."""
    name = canonical(algorithm)
    registered = _REGISTERED.get(name)
    probe = hasher(algorithm)
    if registered is None or probe is None or len(checksum) != len(probe.hexdigest()):
        return None
    try:
        encoded = base64.b64encode(binascii.unhexlify(checksum)).decode()
    except (binascii.Error, ValueError):
        return None
    legacy = {"md5": "MD5", "sha": "SHA", "sha-256": "SHA-256", "sha-512": "SHA-512", "adler": "ADLER32"}[registered]
    return DigestFields(
        repr_digest=f"{registered}=:{encoded}:",
        digest=f"{legacy}={checksum.lower() if registered == 'adler' else encoded}",
    )
