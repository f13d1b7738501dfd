"""Reading members of JSON documents that anybody may have written."""

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidValue


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """An object. Raises ``InvalidValue``."""
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{name} must be a JSON object.")
    return value


def text(document: Mapping[str, Any], key: str) -> str:
    """A member that must be a text."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidValue(f"{key!r} must be a text, and must not be empty.")
    return value


def optional_text(document: Mapping[str, Any], key: str) -> str | None:
    """A member that is a text, or absent, or null."""
    return None if document.get(key) is None else text(document, key)


def optional_number(document: Mapping[str, Any], key: str) -> float | None:
    """A member that is a number, or absent, or null."""
    value = document.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidValue(f"{key!r} must be a number.")
    return value


def optional_size(document: Mapping[str, Any], key: str) -> int | None:
    """A member that is a whole number, or absent, or null."""
    value = document.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidValue(f"{key!r} must be a whole number.")
    return value


def texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A member that is a list of texts, or absent, or null."""
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidValue(f"{key!r} must be a list of texts.")
    return tuple(value)


def optional_mapping(document: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """A member that is an object, or absent, or null."""
    value = document.get(key)
    return None if value is None else mapping(value, repr(key))
