"""Checksums that name their algorithm: ``file:checksum`` of the STAC file extension, a multihash in hexadecimal."""

import attrs

from domain.digest import canonical, hasher
from domain.errors import InvalidValue

_CODES = {0x11: "SHA-1", 0x12: "SHA-256", 0x13: "SHA-512", 0xD5: "MD5"}
_OF_ALGORITHM = {canonical(name): code for code, name in _CODES.items()}

_VARINT_BYTES = 9


@attrs.frozen
class NamedChecksum:
    """A digest in lower-case hexadecimal, and what made it."""

    algorithm: str
    checksum: str


def decoded(text: str) -> NamedChecksum:
    """What a multihash says. Raises ``InvalidValue``, also for an algorithm that no file here is known by."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise InvalidValue(f"The multihash {text[:200]!r} is not hexadecimal.") from None
    code, data = _varint(data)
    length, digest = _varint(data)
    algorithm = _CODES.get(code)
    if algorithm is None:
        raise InvalidValue(f"The multihash has the code {code:#x}; known are SHA-1, SHA-256, SHA-512 and MD5.")
    if length != len(digest) or length != _digest_length(algorithm):
        raise InvalidValue(f"The multihash has {len(digest)} bytes, which is no digest by {algorithm}.")
    return NamedChecksum(algorithm, digest.hex())


def encoded(algorithm: str, checksum: str) -> str | None:
    """The multihash of a checksum; ``None`` when its algorithm has no code here or it is no such digest."""
    code = _OF_ALGORITHM.get(canonical(algorithm))
    try:
        digest = bytes.fromhex(checksum)
    except ValueError:
        return None
    if code is None or len(digest) != _digest_length(algorithm) or len(checksum) != 2 * len(digest):
        return None
    return (_as_varint(code) + _as_varint(len(digest)) + digest).hex()


def _digest_length(algorithm: str) -> int:
    known = hasher(algorithm)
    return 0 if known is None else len(known.hexdigest()) // 2


def _varint(data: bytes) -> tuple[int, bytes]:
    """The unsigned number at the beginning, seven bits a byte with the lowest first, and what follows it."""
    value = 0
    for position, byte in enumerate(data[:_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value, data[position + 1 :]
    raise InvalidValue("The multihash ends before its digest begins.")


def _as_varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low]) if not rest else bytes([low | 0x80]) + _as_varint(rest)
