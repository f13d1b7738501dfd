"""What a search asks for, in STAC's words. Everything that cannot be read is a 400 with a sentence that says why."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from litestar.exceptions import ValidationException

from domain.coverage import instant
from domain.errors import InvalidValue
from domain.items import ItemQuery, area_of
from domain.urn import Urn

DEFAULT_LIMIT = 100
MOST_AT_ONCE = 1000
"""A larger limit is taken for this one, as OGC API - Features has it."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_LAST_PLACE = 2**63 - 1


def query_of(
    *,
    ids: Sequence[str] | None = None,
    collections: Sequence[str] | None = None,
    bbox: Sequence[float] | None = None,
    when: str | None = None,
    intersects: Mapping[str, Any] | None = None,
) -> ItemQuery:
    """The query. Names that cannot be URNs name nothing. Raises ``ValidationException``."""
    if bbox is not None and intersects is not None:
        raise ValidationException("A search has a bbox or intersects, not both.")
    with _said_as_400():
        start, end = (None, None) if when is None else _times(when)
        return ItemQuery(
            ids=None if ids is None else frozenset(_urns(ids)),
            datasets=None if collections is None else frozenset(urn.virtual_id for urn in _urns(collections)),
            start=start,
            end=end,
            area=_box(bbox) if bbox is not None else intersects,
        )


def refuse_others(asked: Collection[str], known: set[str]) -> None:
    """A misspelt name, or one of an extension, would otherwise find too much. Raises ``ValidationException``."""
    if others := set(asked) - known - {"scope", "token"}:
        names = ", ".join(sorted(known))
        raise ValidationException(f"{min(others)[:100]!r} is nothing that is searched by here. Known are: {names}.")


def listed(text: str | None) -> list[str] | None:
    """Names in an address, with commas between them. A URN may have some itself, as before the number of its order."""
    if text is None:
        return None
    names: list[str] = []
    for part in text.split(","):
        if names and _goes_on(names[-1], part):
            names[-1] += f",{part}"
        elif part:
            names.append(part)
    return names


def _goes_on(name: str, part: str) -> bool:
    """Whether what follows a comma belongs to the URN before it: they make one, or there was none yet."""
    if not name.startswith("URN:") or part.startswith("URN:"):
        return False
    return _is_urn(f"{name},{part}") or not _is_urn(name)


def numbers(text: str | None) -> list[float] | None:
    """Numbers in an address. Raises ``ValidationException``."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValidationException("bbox: 4 or 6 numbers with commas between them, like -10,35,5.5,45.") from None


def geometry(text: str | None) -> Mapping[str, Any] | None:
    """A GeoJSON geometry in an address. Raises ``ValidationException``."""
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise ValidationException("intersects: a GeoJSON geometry, as JSON.")
    return found


def place_of(after: str | None) -> int:
    """Where a listing goes on. Raises ``ValidationException`` for what no page has said."""
    if after is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,19}", after) or int(after) > _LAST_PLACE:
        raise ValidationException("after: this is none of the values that links to a next page have.")
    return int(after)


def limited(limit: int | None) -> int:
    """How many on one page."""
    return DEFAULT_LIMIT if limit is None else min(limit, MOST_AT_ONCE)


def _is_urn(text: str) -> bool:
    return next(_urns([text]), None) is not None


def _urns(names: Sequence[str]) -> Iterator[Urn]:
    for name in names:
        try:
            yield Urn.parse(name)
        except InvalidValue:
            continue


def _box(bbox: Sequence[float]) -> dict[str, object]:
    """Heights are not compared: nothing here is indexed by them."""
    match list(bbox):
        case [west, south, east, north] | [west, south, _, east, north, _]:
            return area_of(west, south, east, north)
        case _:
            raise InvalidValue("bbox: 4 numbers, or 6 with heights: west, south, (lowest,) east, north(, highest).")


def _times(when: str) -> tuple[datetime | None, datetime | None]:
    first, slash, second = when.partition("/")
    start = _time(first)
    if not slash:
        if start is None:
            raise InvalidValue("datetime: an instant, or two of them with a slash between, one of which may be '..'.")
        return start, start
    end = _time(second)
    if start is None and end is None:
        raise InvalidValue("datetime: one end of a time may be open, not both.")
    return start, end


def _time(text: str) -> datetime | None:
    if text in {"", ".."}:
        return None
    found = instant(text.upper().replace(" ", "T")) if _INSTANT.fullmatch(text) else None
    if found is None:
        raise InvalidValue(f"datetime: {text[:100]!r} is no instant like 2026-01-31T12:00:00Z.")
    return found


@contextmanager
def _said_as_400() -> Iterator[None]:
    try:
        yield
    except InvalidValue as error:
        raise ValidationException(str(error)) from error
