"""Which JSON every database, protocol and client can carry."""

import math
from collections.abc import Mapping

from domain.errors import InvalidValue

DEEPEST = 32
"""Levels of nesting; products are far flatter, and readers of deep texts run out of stack."""

_GREATEST_INTEGER = 2**63 - 1


def require_plain_json(value: object, name: str) -> None:
    """Raise ``InvalidValue`` unless ``value`` is JSON as plain data: finite, storable, and not nested too deeply."""
    _check(value, name, DEEPEST)


def _check(value: object, name: str, levels: int) -> None:
    if levels == 0:
        raise InvalidValue(f"{name} is nested more than {DEEPEST} levels deep.")
    match value:
        case Mapping():
            for key, member in value.items():
                _check_text(key, name)
                _check(member, name, levels - 1)
        case list() | tuple():
            for item in value:
                _check(item, name, levels - 1)
        case str():
            _check_text(value, name)
        case None | int() | float():
            _check_number(value or 0, name)
        case _:
            raise InvalidValue(f"{name} holds something that is not JSON.")


def _check_number(number: float, name: str) -> None:
    if isinstance(number, int) and abs(number) > _GREATEST_INTEGER:
        raise InvalidValue(f"{name} holds a whole number beyond 64 bits.")
    if not math.isfinite(number):
        raise InvalidValue(f"{name} holds a number that is not finite.")


def _check_text(text: object, name: str) -> None:
    if not isinstance(text, str):
        raise InvalidValue(f"{name} holds a member whose name is no text.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"{name} holds a text that is no valid Unicode.") from None
    if "\x00" in text:
        raise InvalidValue(f"{name} holds a text with a NUL character.")
