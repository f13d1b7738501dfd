"""What the server says of an object: size, identity, and the digests that are certain."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import attrs

_MD5 = re.compile(r"[0-9a-f]{32}")
_CHECKSUMS = {
    "ChecksumSHA256": "SHA-256",
    "ChecksumSHA512": "SHA-512",
    "ChecksumSHA1": "SHA-1",
    "ChecksumMD5": "MD5",
    "ChecksumCRC32": "CRC32",
}
_PLAIN_ENCRYPTION = frozenset({None, "AES256"})
"""With these the entity tag of an object that came in one part is the MD5 of its bytes."""


@attrs.frozen(kw_only=True)
class ObjectHead:
    """One version of an object. ``e_tag`` has its quotes."""

    size_bytes: int
    e_tag: str
    version_id: str | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "ObjectHead":
        """From the answer to HEAD."""
        version_id = answer.get("VersionId")
        return cls(
            size_bytes=int(answer["ContentLength"]),
            e_tag=str(answer.get("ETag", "")),
            version_id=version_id if version_id != "null" else None,
        )

    @property
    def version(self) -> str | None:
        """Its identity as it is recorded; ``None`` from a server that tells none."""
        if not self.e_tag:
            return None
        return self.e_tag if self.version_id is None else f"{self.e_tag};{self.version_id}"

    @property
    def pin(self) -> dict[str, str]:
        """Arguments that make a request fail rather than be answered with another version."""
        pinned = {"IfMatch": self.e_tag} if self.e_tag else {}
        return pinned if self.version_id is None else {**pinned, "VersionId": self.version_id}


def version_id_of(recorded: str | None) -> dict[str, str]:
    """The argument that names the version of an object that was recorded, where there are versions."""
    version_id = (recorded or "").rpartition('";')[2] if '";' in (recorded or "") else ""
    return {"VersionId": version_id} if version_id else {}


def certain_digests(answer: Mapping[str, Any]) -> dict[str, str]:
    """Hexadecimal digests of the whole object by algorithm, as far as the answer to HEAD leaves no doubt.

    A checksum over checksums of parts is none of the object's bytes, and neither is an entity tag with parts in it or
    under encryption with managed keys.
    """
    e_tag = str(answer.get("ETag", "")).strip('"').lower()
    found: dict[str, str] = {}
    is_plain = (
        answer.get("ServerSideEncryption") in _PLAIN_ENCRYPTION
        and answer.get("SSECustomerAlgorithm") is None
        and answer.get("SSEKMSKeyId") is None
    )
    if is_plain and _MD5.fullmatch(e_tag):
        found["MD5"] = e_tag
    is_whole = answer.get("ChecksumType") == "FULL_OBJECT" or (answer.get("ChecksumType") is None and "-" not in e_tag)
    for field, algorithm in _CHECKSUMS.items():
        value = answer.get(field)
        if is_whole and isinstance(value, str) and "-" not in value:
            try:
                found[algorithm] = base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                continue
    return found
