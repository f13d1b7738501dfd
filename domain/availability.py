"""Whether a file can be read now, from what is recorded and what storages say (contract-downloader section 6)."""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from enum import StrEnum

import attrs

from domain.errors import InvalidValue
from domain.selection import Copy, Readiness, readiness, restorable

MOST_CHECKSUMS = 100
"""Files that one question may be about."""
WEB = "web"
"""Upstream's pseudo storage of files that lie elsewhere; unless it is configured, such copies are none of ours."""


class Availability(StrEnum):
    """The answer of a nearline storage; ERROR is no answer, and is not the same as UNAVAILABLE."""

    AVAILABLE = "AVAILABLE"
    RESTORING = "RESTORING"
    UNAVAILABLE = "UNAVAILABLE"
    ERROR = "ERROR"


@attrs.frozen(kw_only=True)
class CopyAvailability:
    """What a storage says of one copy; ``until`` when it is readable for some time only."""

    state: Availability
    until: datetime | None = None
    message: str = ""

    def is_readable(self, now: datetime) -> bool:
        """Whether the copy can be opened now."""
        return self.state is Availability.AVAILABLE and (self.until is None or now < self.until)


Answers = Callable[[Copy], CopyAvailability | None]
"""What a nearline storage said of a copy; ``None`` when it was not asked."""

_BEST_FIRST = (Availability.AVAILABLE, Availability.RESTORING, Availability.ERROR, Availability.UNAVAILABLE)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def require_few(checksums: Collection[str]) -> None:
    """Raise ``InvalidValue`` with upstream's sentence when more files are asked for than one question may name."""
    if len(set(checksums)) > MOST_CHECKSUMS:
        raise InvalidValue(
            f"A maximum of {MOST_CHECKSUMS} products per call is allowed. "
            "This behaviour is to avoid flooding the datalake"
        )


def is_ours(copies: Iterable[Copy]) -> bool:
    """Whether any of a file's copies concerns us: not those that only lie somewhere on the web."""
    return any(copy.storage is not None or copy.location.storage.lower() != WEB for copy in copies)


def to_ask(copies: Iterable[Copy], now: datetime) -> tuple[Copy, ...]:
    """The copies whose storages have to be asked, best first: none when one is readable as recorded.

    A storage that has just failed is left alone.
    """
    found = tuple(copies)
    if any(_as_recorded(copy, now).is_readable(now) for copy in found):
        return ()
    return tuple(copy for copy in restorable(found, now) if _may_be_asked(copy, now))


def of_file(copies: Iterable[Copy], answers: Answers, now: datetime) -> CopyAvailability:
    """The best that can be said of a file: the copy decides that is readable, and for the longest time.

    Else one that is being restored; else one of which nothing can be said now, since waiting may help where a
    restoration would be for nothing. UNAVAILABLE only when that holds for every copy.
    """
    said = [_of_copy(copy, answers(copy), now) for copy in copies]
    return min(said, key=_preference, default=CopyAvailability(state=Availability.UNAVAILABLE))


def _preference(said: CopyAvailability) -> tuple[int, float]:
    return _BEST_FIRST.index(said.state), -(said.until or _FOR_EVER).timestamp()


def _of_copy(copy: Copy, answer: CopyAvailability | None, now: datetime) -> CopyAvailability:
    recorded = _as_recorded(copy, now)
    if answer is None or not _may_be_asked(copy, now):
        return recorded
    if answer.state is Availability.AVAILABLE and not answer.is_readable(now):
        return CopyAvailability(state=Availability.UNAVAILABLE, message="It was readable, and is not any more.")
    return answer if answer.state is Availability.AVAILABLE else attrs.evolve(answer, until=None)


def _as_recorded(copy: Copy, now: datetime) -> CopyAvailability:
    """What the records say without any storage having been asked."""
    known = readiness(copy, now)
    if known is Readiness.NEVER:
        return CopyAvailability(state=Availability.UNAVAILABLE, message="It cannot be read through this service.")
    if known is Readiness.DOWN:
        return CopyAvailability(
            state=Availability.ERROR, message="Its storage is switched off, or it waits for repair."
        )
    if copy.is_cooling(now):
        return CopyAvailability(state=Availability.ERROR, message="Its storage has just failed.")
    if known is Readiness.READABLE:
        is_restored = copy.readable_until is not None and now < copy.readable_until
        return CopyAvailability(state=Availability.AVAILABLE, until=copy.readable_until if is_restored else None)
    return CopyAvailability(state=Availability.ERROR, message="Its storage was not asked.")


def _may_be_asked(copy: Copy, now: datetime) -> bool:
    return readiness(copy, now) is Readiness.RESTORABLE and not copy.is_cooling(now)
