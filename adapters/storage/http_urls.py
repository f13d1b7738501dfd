"""Which URLs an HTTP storage reads: strictly written ones, of hosts that the operator allows (DESIGN section 12)."""

import re
from urllib.parse import unquote_to_bytes, urljoin

import attrs

from adapters.storage.http_hosts import DEFAULT_PORTS, AllowedHosts, literal_address
from application.errors import LocationRefused

MOST_URL_CHARACTERS = 8192

_URL = re.compile(r"(https?)://([^/?]*)([^?]*)(?:\?(.*))?", re.IGNORECASE)
_WRITTEN = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


@attrs.frozen(kw_only=True)
class HTTPUrl:
    """A URL in its parts: ``host`` in lower case, with brackets where it has them; ``target`` is path and query."""

    scheme: str
    host: str
    port: int
    path: str
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Where it leads."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host of requests."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parsed(url: str) -> HTTPUrl:
    """A URL that means the same to everybody who reads it. No I/O. Raises ``LocationRefused``."""
    found = _URL.fullmatch(url) if len(url) <= MOST_URL_CHARACTERS and _WRITTEN.fullmatch(url) else None
    if found is None:
        raise LocationRefused(
            "An HTTP storage reads absolute http: and https: URLs, percent-encoded, without fragment."
        )
    scheme, path = found[1].lower(), found[3] or "/"
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None or not _is_host(authority[1].lower()):
        raise LocationRefused("The URL names no plain host; credentials and unusual numbers are not taken.")
    port = int(authority[2]) if authority[2] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise LocationRefused("The URL has no such port.")
    _require_plain_path(path)
    target = path if found[4] is None else f"{path}?{found[4]}"
    return HTTPUrl(scheme=scheme, host=authority[1].lower(), port=port, path=path, target=target)


@attrs.frozen(kw_only=True)
class ReadableUrls:
    """The URLs of one storage: on the operator's hosts, and below ``base`` when there is one."""

    hosts: AllowedHosts
    base: HTTPUrl | None = None

    def require(self, url: str) -> HTTPUrl:
        """The URL of a registered file. Raises ``LocationRefused``."""
        found = parsed(url)
        self._require_host(found)
        if self.base is not None:
            folder = self.base.path.rstrip("/") + "/"
            if found.origin != self.base.origin or not found.path.startswith(folder):
                raise LocationRefused("The URL does not lie below the base URL of this storage.")
        return found

    def redirected(self, before: HTTPUrl, location: str) -> HTTPUrl:
        """Where an answer sends us, if we may go there. Raises ``LocationRefused``."""
        try:
            joined = urljoin(str(before), location.partition("#")[0])
        except ValueError as error:
            raise LocationRefused("The server redirects to something that is no URL.") from error
        found = parsed(joined)
        self._require_host(found)
        if before.scheme == "https" and found.scheme != "https":
            raise LocationRefused("The server redirects from https to http.")
        return found

    def _require_host(self, url: HTTPUrl) -> None:
        if not self.hosts.may_ask(url.host, url.port):
            raise LocationRefused(
                "This host is not served by us: the operator has not allowed it (RS_DOWNLOADER_HTTP_HOSTS)."
            )


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return literal_address(host) is not None
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        return False
    # What ends in a number is an address to some resolvers, however it is written: only the plain form is one.
    return literal_address(host) is not None if _NUMBER.fullmatch(labels[-1]) else True


def _require_plain_path(path: str) -> None:
    """No part of the path may mean "up" or end a text to a server that decodes it once, or several times."""
    decoded = path.encode()
    while (again := unquote_to_bytes(decoded)) != decoded:
        decoded = again
    segments = re.split(rb"[/\\]", decoded)
    # What follows ';' is a parameter of the segment to some servers.
    if any(segment.partition(b";")[0] in {b".", b".."} for segment in segments):
        raise LocationRefused("The path of the URL has '.' or '..', however encoded.")
    if any(byte < 0x20 or byte == 0x7F for byte in decoded):
        raise LocationRefused("The path of the URL has control characters.")
