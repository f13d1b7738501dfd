"""The members of a message's body: read as what they must be, or refused with the reason."""

import json
from collections.abc import Mapping
from typing import Any

from domain.file import LONGEST_KEY
from domain.text import is_storable

Body = Mapping[str, Any]


class Unreadable(ValueError):
    """The message can never be read; the text says why."""


def object_of(body: bytes) -> Body:
    """The JSON object that a body is. Raises ``Unreadable``, as all of these do."""
    try:
        value = json.loads(body, parse_constant=_no_number)
    # No JSON, no UTF-8, or a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is no JSON: {type(error).__name__}.") from error
    if not isinstance(value, dict):
        raise Unreadable("The body is no JSON object.")
    return value


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def member(body: Body, name: str) -> Body:
    """An object that must be there."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"The member {name!r} is missing or no object.")
    return value


def text(body: Body, name: str) -> str:
    """A text that must be there, and not be empty."""
    value = optional_text(body, name)
    if not value:
        raise Unreadable(f"The member {name!r} is missing or empty.")
    return value


def optional_text(body: Body, name: str) -> str | None:
    """A text, which may be absent, null or empty."""
    value = body.get(name)
    if value is not None and value != "" and (not isinstance(value, str) or not is_storable(value)):
        raise Unreadable(f"The member {name!r} is no text.")
    return value


def is_key(key: str) -> bool:
    """Whether something can be found by it: what is longer fits into no index."""
    return is_storable(key) and len(key.encode()) <= LONGEST_KEY


def number(body: Body, name: str) -> int:
    """A whole number from 0 that must be there."""
    value = optional_number(body, name)
    if value is None:
        raise Unreadable(f"The member {name!r} is missing.")
    return value


def optional_number(body: Body, name: str) -> int | None:
    """A whole number from 0, which may be absent or null."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63):
        raise Unreadable(f"The member {name!r} is no number.")
    return value
