"""From URLs to keys and back, confined to one bucket and a root in it (DESIGN section 12). No I/O."""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

import attrs

from adapters.storage.http_urls import parsed
from application.errors import LocationRefused
from domain.errors import InvalidValue

MOST_KEY_BYTES = 1024
"""What S3 takes as a key."""

_MEMBER = "?fileName="
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_ENDPOINT = re.compile(r"(https?)://([^/?#@\s]+)((?:/[^/?#\s]+)*)/*", re.IGNORECASE)
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@attrs.frozen
class ObjectName:
    """An object, or a member of the archive that the object is."""

    key: str
    member: str | None = None


@attrs.frozen(kw_only=True)
class ObjectUrls:
    """The URLs of one bucket's objects under a root.

    Read are ``<endpoint>/<bucket>/<key>``, ``<scheme>://<bucket>.<endpoint host>/<key>`` and ``s3://<bucket>/<key>``,
    each with ``?fileName=<member>`` for a member of an archive. Keys are percent-encoded; one with a character that
    no encoded URL has is taken as written, as upstream writes all of them.
    """

    endpoint: str
    bucket: str
    root: str = ""

    def url_of(self, name: ObjectName) -> str:
        """The URL that we write: path-style, percent-encoded. Of an object that we never read, it is refused."""
        url = f"{self.endpoint.rstrip('/')}/{self.bucket}/{quote(name.key, safe='/')}"
        return url if name.member is None else f"{url}{_MEMBER}{quote(name.member, safe='')}"

    def names_of(self, url: str) -> tuple[ObjectName, ...]:
        """What the URL names: one object, or also, to be looked for next, the one whose key is the URL as written.

        Upstream never decodes, so that the key of ``…/a%41`` may be ``aA`` or, in what upstream wrote, ``a%41``.
        Raises ``LocationRefused`` when the first is outside the bucket or the root.
        """
        if _CONTROL.search(url) or "#" in url:
            raise LocationRefused("The URL of an object has no control characters and no fragment; write %23.")
        rest = self._after_bucket(url)
        key, mark, member = rest.partition(_MEMBER)
        names = [ObjectName(key, member if mark else None)]
        if "%" in rest and _ENCODED.fullmatch(key) and _ENCODED.fullmatch(member):
            names.insert(0, ObjectName(_decoded(key), _decoded(member) if mark else None))
        self._require_inside(names[0])
        return (names[0], *(name for name in names[1:] if self._is_inside(name)))

    def key_prefix(self, prefix: str) -> str:
        """The beginning of the keys whose place under the root begins with ``prefix``."""
        return f"{self.root}/{prefix}" if self.root else prefix

    def _after_bucket(self, url: str) -> str:
        found = _URL.fullmatch(url)
        if found is None:
            raise LocationRefused("This is no absolute URL.")
        scheme, authority, path = found[1].lower(), found[2], found[3]
        for origin, start in self._forms():
            if (scheme, _authority(scheme, authority)) == origin and path.startswith(start):
                return path[len(start) :]
        raise LocationRefused("The URL is not one of this storage's endpoint and bucket.")

    def _forms(self) -> Iterator[tuple[tuple[str, str], str]]:
        endpoint = _ENDPOINT.fullmatch(self.endpoint)
        assert endpoint is not None, "the parameters have checked it"
        scheme = endpoint[1].lower()
        host, base = _authority(scheme, endpoint[2]), endpoint[3]
        yield ("s3", self.bucket), "/"
        yield (scheme, host), f"{base}/{self.bucket}/"
        yield (scheme, f"{self.bucket}.{host}"), f"{base}/"

    def _require_inside(self, name: ObjectName) -> None:
        if reason := self._why_not(name):
            raise LocationRefused(reason)

    def _is_inside(self, name: ObjectName) -> bool:
        return not self._why_not(name)

    def _why_not(self, name: ObjectName) -> str:
        """Why this storage does not read that object; empty when it does."""
        try:
            size = len(name.key.encode())
        except UnicodeEncodeError:
            return "The key of an object is valid Unicode."
        if not 0 < size <= MOST_KEY_BYTES:
            return f"The key of an object has 1 to {MOST_KEY_BYTES} bytes."
        if "\x00" in name.key or not {".", ".."}.isdisjoint(name.key.split("/")):
            return "The key of an object of this storage has neither NUL nor '.' or '..' between slashes."
        if self.root and (not name.key.startswith(f"{self.root}/") or name.key == f"{self.root}/"):
            return "The URL lies outside the root of this storage."
        if name.member is not None and (not name.member or "\x00" in name.member):
            return "fileName= names no member."
        return ""


def require_endpoint(endpoint: str) -> None:
    """Raise ``InvalidValue`` unless this can be the endpoint of a storage."""
    try:
        # A host that only some readers take for an address would be checked as one thing and asked as another.
        plain = parsed(endpoint)
    except LocationRefused:
        plain = None
    if plain is None or plain.target != plain.path or not _ENDPOINT.fullmatch(endpoint):
        raise InvalidValue(
            "An endpoint is http:// or https:// with a plain host (a name, or an address in its usual form) and a port "
            "if needed, without user, query and fragment."
        )


def server_of(endpoint: str) -> tuple[str, int]:
    """Host and port of an endpoint that ``require_endpoint`` took."""
    plain = parsed(endpoint)
    return plain.host, plain.port


def _authority(scheme: str, text: str) -> str:
    return text.lower().removesuffix(_DEFAULT_PORTS[scheme]) if scheme in _DEFAULT_PORTS else text


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise LocationRefused("The percent-encoded bytes of the URL are not UTF-8.") from error
