"""The folder that files are saved in: parts with what is known of them, checksums, names that stay inside."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import attrs

from domain.digest import hasher, matches

CHUNK_BYTES = 1 << 20
LONGEST_NAME_BYTES = 200
_NEVER_IN_A_NAME = frozenset('/\\:*?"<>|\x7f')


@attrs.frozen
class Digest:
    """A checksum with its algorithm."""

    algorithm: str
    checksum: str


@attrs.frozen
class Sidecar:
    """What a part belongs to."""

    e_tag: str | None
    size: int | None


class NameTaken(Exception):
    """There is something else under the name already."""


def safe_name(name: str, *, otherwise: str) -> str:
    """The last segment of a name, so that it is a file in the folder and nothing else on any system."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    plain = "".join("_" if c in _NEVER_IN_A_NAME or not c.isprintable() else c for c in last).strip().rstrip(".")
    plain = plain.encode("utf-8", "replace")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore")
    return plain if plain.strip(". ") else otherwise


def told_apart(name: str, identity: str) -> str:
    """Another name for another file of the same name, the same at every run."""
    stem, dot, suffix = name.rpartition(".")
    mark = sha256(identity.encode()).hexdigest()[:8]
    return f"{stem}.{mark}.{suffix}" if dot and stem else f"{name}.{mark}"


@attrs.define(eq=False)
class Folder:
    """Where everything is saved. It remembers the names of this run, each with the file that it is for."""

    path: Path
    replaces: bool = False
    _claims: dict[str, str] = attrs.field(factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out, which would write to the same parts. Raises ``NameTaken`` when there is one."""
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise NameTaken(f"another rs-downloader get is saving in {self.path}") from error
        finally:
            os.close(descriptor)

    def claim(self, name: str, identity: str) -> Path:
        """Where the file is saved; two files of one name get two names. Names differ by more than their case."""
        candidate = name
        while self._claims.setdefault(candidate.casefold(), identity) != identity:
            candidate = told_apart(candidate, identity)
        return self.path / candidate

    def part(self, identity: str) -> "Part":
        """The part of a file; the address of the file is not in its name, as it may hold a ticket."""
        return Part(self.path / f"{sha256(identity.encode()).hexdigest()[:16]}.part")

    def keep(self, part: "Part", target: Path, digest: Digest | None) -> None:
        """Give the part its name, at once or not at all. Raises ``NameTaken``, and ``OSError`` of the disk."""
        if self.is_taken(target) and not self.has(target, digest):
            raise NameTaken(self.in_the_way(target))
        part.path.replace(target)
        part.discard()

    def has(self, target: Path, digest: Digest | None) -> bool:
        """Whether the file is there with this checksum."""
        return digest is not None and target.is_file() and agrees(digest_of(target, digest.algorithm), digest)

    def is_taken(self, target: Path) -> bool:
        """Whether something under this name is in the way. A folder is, also for who replaces files."""
        return _is_folder(target) or (not self.replaces and os.path.lexists(target))

    def in_the_way(self, target: Path) -> str:
        """What is wrong with a name that is taken, and what helps."""
        if _is_folder(target):
            return f"{target} is a folder; move it away, or save elsewhere with --output"
        return f"{target} exists and is different; --force replaces it"


def _is_folder(target: Path) -> bool:
    return target.is_dir() and not target.is_symlink()


@attrs.frozen
class Part:
    """Bytes that have come so far, and beside them which version of the file they belong to."""

    path: Path

    @property
    def _sidecar(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def read(self) -> tuple[int, Sidecar] | None:
        """How many bytes there are and of what; ``None`` when nothing can be continued."""
        try:
            known = json.loads(self._sidecar.read_text())
            length = self.path.stat().st_size
            e_tag, size = known["etag"], known["size"]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(e_tag, str) or not isinstance(size, int | None):
            return None
        return length, Sidecar(e_tag, size)

    def note(self, sidecar: Sidecar) -> None:
        """Before the first byte of a version is written, so that no byte is taken for one of another version."""
        self.path.unlink(missing_ok=True)
        draft = self._sidecar.with_suffix(".new")
        draft.write_text(json.dumps({"etag": sidecar.e_tag, "size": sidecar.size}))
        draft.replace(self._sidecar)

    @contextmanager
    def writing(self, start: int) -> Iterator[BinaryIO]:
        """The part, to be written on from ``start``; on the disk when the block ends."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(start)
            file.seek(start)
            yield file
            file.flush()
            os.fsync(file.fileno())

    def discard(self) -> None:
        """Leave nothing."""
        self.path.unlink(missing_ok=True)
        self._sidecar.unlink(missing_ok=True)


def digest_of(path: Path, algorithm: str) -> str | None:
    """The checksum of what lies on the disk; ``None`` when the algorithm is unknown here."""
    computed = hasher(algorithm)
    if computed is None:
        return None
    with path.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            computed.update(data)
    return computed.hexdigest()


def agrees(found: str | None, digest: Digest) -> bool:
    """Whether a computed checksum is the one that is wanted."""
    return found is not None and matches(found, digest.checksum)
