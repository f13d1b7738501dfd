"""How the values in criteria are read, once for everybody who answers them."""

import re
from datetime import UTC, date, datetime, time, timedelta

import attrs

from domain.attributes import folded, number_of
from domain.coverage import instant
from domain.search import Between

NAMES = frozenset({"id", "virtualId", "providerId", "model"})
"""Static fields that are compared as they are written, as a whole; case counts."""
WHOLE = NAMES | {"tags"}
"""Fields whose values are names, not texts with words."""

Bound = float | datetime | str | None
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class Interval:
    """A range with bounds of one type; ``None`` is open."""

    lower: Bound
    upper: Bound
    includes_lower: bool
    includes_upper: bool

    def holds(self, value: Bound) -> bool:
        """Whether a value of the same type is in it."""
        above = self.lower is None or value > self.lower or (self.includes_lower and value == self.lower)  # type: ignore[operator]  # of one type
        below = self.upper is None or value < self.upper or (self.includes_upper and value == self.upper)  # type: ignore[operator]  # of one type
        return above and below


def interval_of(between: Between, *, folds: bool = True) -> Interval:
    """Numbers if the bounds are numbers, instants if they are instants or days, else texts, in any case if ``folds``.

    A day as a bound is all of it: ``[* TO 2020-12-31]`` ends with that day. One bound is given at least.
    """
    given = [bound for bound in (between.lower, between.upper) if bound is not None]
    if all(number_of(bound) is not None for bound in given):
        return _plain(between, *(None if b is None else number_of(b) for b in (between.lower, between.upper)))
    if all(_instant_or_day(bound) is not None for bound in given):
        return _of_instants(between)
    read = folded if folds else str
    return _plain(between, *(None if b is None else read(b) for b in (between.lower, between.upper)))


def _plain(between: Between, lower: Bound, upper: Bound) -> Interval:
    return Interval(
        lower=lower, upper=upper, includes_lower=between.includes_lower, includes_upper=between.includes_upper
    )


def _of_instants(between: Between) -> Interval:
    lower = None if between.lower is None else _instant_or_day(between.lower)
    upper = None if between.upper is None else _instant_or_day(between.upper)
    includes_lower, includes_upper = between.includes_lower, between.includes_upper
    if isinstance(lower, date) and not isinstance(lower, datetime):
        lower, includes_lower = _start(lower, is_next=not includes_lower), True
    if isinstance(upper, date) and not isinstance(upper, datetime):
        upper, includes_upper = _start(upper, is_next=includes_upper), False
    return Interval(lower=lower, upper=upper, includes_lower=includes_lower, includes_upper=includes_upper)


def _instant_or_day(text: str) -> datetime | date | None:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return instant(text)


def _start(day: date, *, is_next: bool) -> datetime:
    if is_next and day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + _DAY if is_next else day, time(), UTC)


@attrs.frozen
class Pattern:
    """A pattern with ``*`` and ``?``, read: texts, and between them the two wildcards."""

    parts: tuple[str, ...]
    """Texts at even places, a wildcard at each odd one."""

    @classmethod
    def read(cls, pattern: str, *, folds: bool) -> "Pattern":
        r"""Of ``*``, ``?`` and texts, in which ``\`` escapes."""
        parts: list[str] = []
        literal: list[str] = []
        characters = iter(pattern)
        for character in characters:
            if character in "*?":
                parts += ["".join(literal), character]
                literal = []
            else:
                literal.append(next(characters, "\\") if character == "\\" else character)
        parts.append("".join(literal))
        return cls(tuple(folded(part) if folds and place % 2 == 0 else part for place, part in enumerate(parts)))

    def as_like(self) -> str:
        r"""For LIKE with the escape ``\``."""
        return "".join(
            {"*": "%", "?": "_"}[part] if place % 2 else re.sub(r"([\\%_])", r"\\\1", part)
            for place, part in enumerate(self.parts)
        )

    def as_glob(self) -> str:
        """For GLOB, which minds case on SQLite."""
        return "".join(
            part if place % 2 else re.sub(r"([*?\[])", r"[\1]", part) for place, part in enumerate(self.parts)
        )

    def fits(self, text: str) -> bool:
        """Whether a text fits as a whole, in time at most text by pattern: the last ``*`` alone takes back."""
        wanted = [(character, place % 2 == 1) for place, part in enumerate(self.parts) for character in part]
        at = here = since = 0
        star: int | None = None
        while at < len(text):
            if here < len(wanted) and wanted[here] == ("*", True):
                star, since = here, at
                here += 1
            elif here < len(wanted) and wanted[here] in {("?", True), (text[at], False)}:
                here, at = here + 1, at + 1
            elif star is not None:
                since += 1
                here, at = star + 1, since
            else:
                return False
        return all(one == ("*", True) for one in wanted[here:])
