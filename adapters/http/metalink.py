"""Metalink documents (RFC 5854): what download managers need to fetch and check files."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

import attrs

from domain.digest import canonical, hasher

MEDIA_TYPE = "application/metalink4+xml"

_NAMESPACE = "urn:ietf:params:xml:ns:metalink"
_HASHES = {"md5": "md5", "sha1": "sha-1", "sha224": "sha-224", "sha256": "sha-256", "sha384": "sha-384"}
_HASHES |= {"sha512": "sha-512"}
"""IANA's Hash Function Textual Names, by ours."""


@attrs.frozen(kw_only=True)
class MetalinkFile:
    """One file, and where it is to be had."""

    name: str
    url: str
    size_bytes: int | None = None
    algorithm: str | None = None
    checksum: str | None = None

    @property
    def hash(self) -> tuple[str, str] | None:
        """The registered name of the algorithm and the digest; ``None`` when it cannot be said so."""
        name = canonical(self.algorithm or "")
        known = hasher(name)
        digest = (self.checksum or "").lower()
        if name not in _HASHES or known is None or len(digest) != len(known.hexdigest()):
            return None
        return (_HASHES[name], digest) if all(each in "0123456789abcdef" for each in digest) else None


def metalink(files: Sequence[MetalinkFile]) -> bytes:
    """The document. Every name in it is a plain one, and each is there once, so that no file overwrites another."""
    root = Element("metalink", xmlns=_NAMESPACE)
    SubElement(root, "generator").text = "rs-downloader"
    for name, file in zip(_names(files), files, strict=True):
        entry = SubElement(root, "file", name=name)
        if file.size_bytes is not None:
            SubElement(entry, "size").text = str(file.size_bytes)
        if file.hash is not None:
            SubElement(entry, "hash", type=file.hash[0]).text = file.hash[1]
        SubElement(entry, "url", priority="1").text = file.url
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _names(files: Sequence[MetalinkFile]) -> list[str]:
    """Names that are safe to save under: one that is taken already gets the file's number in front."""
    names: dict[str, str] = {}
    for number, file in enumerate(files, start=1):
        name = safe_name(file.name)
        while name.casefold() in names:
            name = f"{number}-{name}"
        names[name.casefold()] = name
    return list(names.values())


def safe_name(name: str) -> str:
    """The last segment, without what XML cannot hold or a file system would take for something else."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    safe = "".join(each if _is_safe(each) else "_" for each in last).strip(" .")
    return safe or "download"


def _is_safe(character: str) -> bool:
    """Printable, which no control character, surrogate or non-character is, and without meaning in file names."""
    return character.isprintable() and character not in ':*?"<>|'
