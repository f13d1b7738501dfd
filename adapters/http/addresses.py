"""Absolute addresses of our own, as the client sees us: through a proxy that says so (X-Forwarded-*), or directly."""

import re
from typing import Any
from urllib.parse import quote

from litestar import Request

_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9.\-_~]+)+/?")
_PLAIN_PORTS = {"http": "80", "https": "443"}

READABLE = "-._~!$&'()*+,;=:@"
"""What may stand in a segment of a path as it is (RFC 3986 section 3.3): clients of upstream see ``:`` in URNs."""


def own_root(request: Request[Any, Any, Any]) -> str:
    """Where our routes begin, without a slash at the end. What a header says unreadably is not heeded.

    A client that invents these headers misleads itself alone: what is made of them is never kept by caches.
    """
    base = request.base_url
    scheme = _first(request, "x-forwarded-proto").lower()
    if scheme not in _PLAIN_PORTS:
        scheme = base.scheme
    host = _first(request, "x-forwarded-host")
    if not _HOST.fullmatch(host):
        host = base.netloc
    port = _first(request, "x-forwarded-port")
    if port.isdigit() and not re.search(r":[0-9]+$", host) and port != _PLAIN_PORTS[scheme]:
        host = f"{host}:{port}"
    prefix = _first(request, "x-forwarded-prefix")
    path = prefix if _PREFIX.fullmatch(prefix) else base.path
    return f"{scheme}://{host}{path.rstrip('/')}"


def segment(text: str) -> str:
    """A text as one segment of a path, as readable as it may be."""
    return quote(text, safe=READABLE)


def _first(request: Request[Any, Any, Any], name: str) -> str:
    """What the proxy that is nearest to the client has said."""
    return request.headers.get(name, "").split(",")[0].strip()
