"""How a secret parameter of a storage is kept: sealed, in a form that no value given by anybody can have.

A secret given by somebody is text. What is kept is a record of one entry, so that text that was stored before secrets
were sealed is told apart for certain.
"""

from collections.abc import Mapping

MASK = "********"
"""Shown instead of a secret; sent back, it means the secret that is there."""
_ENTRY = "sealed"


def stored(sealed: str) -> dict[str, object]:
    """What is kept of a sealed secret."""
    return {_ENTRY: sealed}


def sealed_in(value: object) -> str | None:
    """The sealed secret, if that is what the value is."""
    if not isinstance(value, Mapping) or set(value) != {_ENTRY}:
        return None
    sealed = value[_ENTRY]
    return sealed if isinstance(sealed, str) else None
