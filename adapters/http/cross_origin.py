"""What pages of other origins may send and see; the same for every answer, whoever gives it."""

from collections.abc import Iterable

from litestar.config.cors import CORSConfig

CROSS_ORIGIN = CORSConfig(
    allow_origins=["*"],
    allow_methods=["POST", "PUT", "GET", "HEAD", "OPTIONS", "DELETE"],
    allow_headers=[
        "authorization",
        "content-type",
        "scope",
        "range",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
    ],
    expose_headers=[
        "accept-ranges",
        "content-disposition",
        "content-length",
        "content-range",
        "correlation-id",
        "digest",
        "etag",
        "last-modified",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "repr-digest",
        "retry-after",
    ],
    max_age=3600,
)
"""Pages of any portal may call (contract-downloader 1.2); what they may send and see besides is what resuming needs."""

_PLAIN = [
    *((name.lower().encode(), value.encode()) for name, value in CROSS_ORIGIN.simple_headers.items()),
    (b"access-control-allow-headers", ", ".join(sorted(CROSS_ORIGIN.allow_headers)).encode()),
    (b"access-control-allow-methods", ", ".join(sorted(CROSS_ORIGIN.allow_methods)).encode()),
]
_ALLOWED_ORIGIN = b"access-control-allow-origin"


def cross_origin_headers(request: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What the framework adds to an answer, for one that is given before the framework sees the request."""
    asked = dict(request)
    origin = asked.get(b"origin")
    if not origin:
        return []
    if b"cookie" not in asked:
        return list(_PLAIN)
    return [*(item for item in _PLAIN if item[0] != _ALLOWED_ORIGIN), (_ALLOWED_ORIGIN, origin), (b"vary", b"Origin")]


def is_preflight(method: str, request: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a browser asks what a page may do; answered without reading anything."""
    return method == "OPTIONS" and any(name == b"origin" for name, _ in request)
