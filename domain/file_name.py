"""The name under which clients save a file (RFC 6266)."""

import unicodedata
from urllib.parse import quote

_UNSAFE = frozenset('"\\/:;*?<>|%\x7f')


def plain_file_name(name: str) -> str:
    """An ASCII name that no client can take for a path or a header (peers, finding 8)."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    ascii_only = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    safe = "".join("_" if c in _UNSAFE or not c.isprintable() else c for c in ascii_only).strip(" .")
    return safe or "download"


def content_disposition(name: str, *, is_inline: bool) -> str:
    """``attachment`` or ``inline`` with both forms of the name, the plain one first."""
    kind = "inline" if is_inline else "attachment"
    plain = plain_file_name(name)
    exact = name.replace("\\", "/").rsplit("/", 1)[-1]
    extended = f"; filename*=UTF-8''{quote(exact, safe='')}" if exact != plain and exact not in {"", ".", ".."} else ""
    return f'{kind}; filename="{plain}"{extended}'


def renamed(field: str, name: str, *, is_inline: bool) -> str:
    """Somebody else's ``Content-Disposition`` with another name; upstream's parameter ``size`` stays at its end."""
    _, separator, size = field.rpartition("; size=")
    return content_disposition(name, is_inline=is_inline) + (separator + size if size.isdecimal() else "")
