"""What a caller may send to the front door: URNs, searches and header fields from well-formed to absurd."""

import hashlib
from urllib.parse import quote

from hypothesis import strategies as st

from tests.e2e.real_service import TENANT
from tests.e2e.two_archives import ASLEEP, LOCKED, MARKER, OTHER, OURS, PLAIN, bytes_of, urn_of

GOOD_URNS = [
    *(urn_of(tenant, name) for tenant in (TENANT, OTHER) for name in (PLAIN, LOCKED, ASLEEP)),
    *(urn_of(tenant, "open", "DATASET") for tenant in (TENANT, OTHER)),
    urn_of(TENANT, PLAIN, version="LAST"),
    urn_of(TENANT, LOCKED, version="LAST"),
    urn_of(TENANT, "closed", "DATASET", "LAST"),
    urn_of(OTHER, PLAIN, version="LAST"),
]
_PARTS = ["URN", "urn", "AIP", "SIP", "DATA", "DATASET", "COLLECTION", TENANT, OTHER, "V1", "V0", "V-1", "LAST", "last"]
_PARTS += ["", " ", "V9999999999999999999", "V٣", "1", "revision", "order,1", GOOD_URNS[0].split(":")[4]]
_ODD = [
    "\x00",
    "%00",
    "%",
    "%2",
    "%2F",
    "%252e",
    "/",
    "..",
    "?",
    "#",
    "\\",
    "'",
    '"',
    ";",
    "\n",
    "é",
    "🛰",
    "\u202e",
    "\ud800",
]


def _sent(text: str) -> str:
    """A text in an address; a half character as a client that does not care would send it."""
    return quote(text, safe="", errors="surrogatepass")


@st.composite
def _almost(draw: st.DrawFn) -> str:
    """A good URN with one thing wrong."""
    urn = draw(st.sampled_from(GOOD_URNS))
    parts = urn.split(":")
    place = draw(st.integers(0, len(parts) - 1))
    how = draw(st.sampled_from(["replace", "drop", "add", "insert", "case", "long"]))
    if how == "replace":
        parts[place] = draw(st.sampled_from(_PARTS))
    elif how == "drop":
        del parts[place]
    elif how == "add":
        parts.insert(place, draw(st.sampled_from(_PARTS)))
    elif how == "case":
        parts[place] = parts[place].swapcase()
    elif how == "long":
        parts[place] *= draw(st.sampled_from([2, 300, 1000]))
    text = ":".join(parts)
    if how == "insert":
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(_ODD)) + text[at:]
    return text


URNS = st.one_of(
    st.sampled_from(GOOD_URNS).map(_sent),
    st.sampled_from(GOOD_URNS),  # colons may stand in a path as they are
    _almost().map(_sent),
    _almost().map(_sent).map(lambda text: quote(text, safe="")),  # encoded twice
    st.text(max_size=40).map(_sent),
    st.lists(st.sampled_from(_PARTS), max_size=8).map(":".join).map(_sent),
)
"""As they stand in an address."""


FILES = {
    (said, name): hashlib.sha256(bytes_of(said, name)).hexdigest()
    for said in (OURS, MARKER)
    for name in (PLAIN, LOCKED, ASLEEP)
}
_FILES = st.sampled_from(list(FILES.values()))
CHECKSUMS = st.one_of(
    _FILES,
    _FILES,
    _FILES.map(str.upper),
    _FILES.map(lambda checksum: checksum[:-1]),
    st.text(min_size=1, max_size=20).map(_sent),
    st.sampled_from(["%00", "x" * 5000, "..", "%2e%2e", "*"]),
)
"""As they stand in an address."""


def _field(*texts: str | bytes) -> st.SearchStrategy[bytes]:
    """One of these, or bytes that may stand in a field."""
    known = st.sampled_from([text if isinstance(text, bytes) else text.encode() for text in texts])
    return known | known | st.binary(max_size=30).map(lambda data: data.translate(None, b"\x00\r\n"))


HEADERS: st.SearchStrategy[dict[str, bytes]] = st.fixed_dictionaries(
    {},
    optional={
        "range": _field(
            *("bytes=0-9", "bytes=-5", "bytes=5-", "bytes=9-3", "bytes=0-0,2-3", "bytes=999999999-", "bytes=-0"),
            *("bytes=" + ",".join(f"{n}-{n}" for n in range(200)), "bytes=0-99999999999999999999999999", "BYTES=0-1"),
            *("lines=1-2", "bytes=", "bytes=a-b", "bytes=٣-٤", "bytes=1-2,", "bytes = 1 - 2"),
        ),
        "if-range": _field(
            '"x"', 'W/"x"', "Sat, 21 Nov 2026 09:00:00 GMT", "yesterday", '"', "Sat, 99 Nov 99999 09:00"
        ),
        "if-none-match": _field("*", '"x"', 'W/"x", "y"', '"', ",,,", '"' + "x" * 3000 + '"'),
        "if-match": _field("*", '"x"', "nonsense"),
        "if-modified-since": _field("Sat, 21 Nov 2099 09:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 +9999999999", "-1"),
        "if-unmodified-since": _field("Sat, 21 Nov 2099 09:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0"),
        "accept": _field("application/problem+json", "application/problem+json;q=0", "*/*", "text/html;q=x", ",;=,"),
        "accept-encoding": _field("gzip, br", "identity;q=0", "*;q=0"),
        # It comes back as it is to whoever sends cookies, and the client of these tests reads ASCII alone.
        "origin": st.sampled_from([b"https://elsewhere.example.org", b"null", b"*", b"x" * 3000]),
        "x-forwarded-for": _field("127.0.0.1", "::1, 10.0.0.1", "x" * 2000),
        "x-forwarded-host": _field("evil.example.org", "a b"),
        "x-http-method-override": _field("DELETE", "PUT"),
        "x-request-id": _field("a", "x" * 500, "../../etc"),
        "content-type": _field("application/json", "application/xml", "application/json; charset=utf-7", "x", "/"),
        "cookie": _field("session=x", "=;=", "token=x"),
        "user-agent": _field("curl/8", "", "x" * 3000),
    },
)

_TERMS = [
    *(
        "*:*",
        "*",
        "?",
        "label",
        "platform",
        "cloud",
        "tags",
        "rawdata",
        "geometry",
        "id",
        "_exists_",
        "datetime",
        "x.y",
    ),
    *(":", "(", ")", "[", "]", "{", "}", '"', "'", "/", "\\", "^", "~", "~2", "^3.5", "+", "-", "!", "&&", "||", ">="),
    *("AND", "OR", "NOT", "TO", " ", " ", " ", "ours", "zebra", "1", "5", "-0", "1e999", "NaN", "2026-01-31T12:00:00Z"),
    *("[1 TO 5]", "{* TO *}", "[a TO", "/a+/", "/(a+)+$/", "label:Of*", "cloud:[1 TO 5]", "tags:(a OR b)", "%", "_"),
    *(TENANT, OTHER, "é", "🛰", "\u0000", "\u202e", "x" * 300),
]
QUERIES = st.one_of(
    st.sampled_from(["*:*", "label:Of*", "platform:ours", "cloud:[1 TO 5]", "tags:ours AND cloud:3.5", "-platform:x"]),
    st.lists(st.sampled_from(_TERMS), max_size=12).map("".join),
    st.sampled_from(["(" * 3000, "a OR " * 2000 + "a", "NOT " * 2000 + "a", "x" * 20_000, "[1 TO 5]" * 500]),
    st.text(max_size=40),
)
"""What may stand for ``q``."""

_NUMBERS = st.sampled_from(["0", "1", "2", "-1", "1e3", "NaN", "Infinity", "9" * 30, "", " 1", "1.5", "٣", "x"])
_BOXES = st.sampled_from(
    ["-180,-90,180,90", "1,43,2,44", "170,-10,-170,10", "0,0,0,0", "9,9", "a,b,c,d", "1,2,3,4,5,6"]
)
_BOXES |= st.lists(_NUMBERS, max_size=7).map(",".join)
_PLACES = st.sampled_from(
    [
        *("POINT(1.48 43.56)", "POLYGON((1 43,2 43,2 44,1 44,1 43))", "POLYGON((1 43,2 43))", "POLYGON EMPTY"),
        *("POLYGON((0 0,1 1,0 1,1 0,0 0))", "LINESTRING(0 0", "GEOMETRYCOLLECTION(POINT(0 0))", "POINT(1e400 NaN)"),
        '{"type":"Point","coordinates":[1.48,43.56]}',
    ]
)
SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "q": QUERIES,
        "sort": st.sampled_from(["label,ASC", "cloud,DESC", "cloud,UP", "x.y,ASC", ",", "geometry,ASC", "label"])
        | QUERIES,
        "facets": st.sampled_from(["label", "cloud,platform", "", "x" * 300, "geometry", "label,label"]) | QUERIES,
        "properties": st.sampled_from(["cloud", "datetime", "platform", "geometry", ""]) | QUERIES,
        "page": _NUMBERS,
        "size": _NUMBERS,
        "bbox": _BOXES | _PLACES,
        "g": _PLACES | QUERIES,
        "lon": _NUMBERS,
        "lat": _NUMBERS,
        "r": _NUMBERS,
        "scope": st.sampled_from([TENANT, OTHER, ""]),
        "token": st.sampled_from(["", "x"]),
        "unknown": st.text(max_size=5),
    },
)
"""Query parameters of upstream's searches."""

_WHEN = st.sampled_from(
    [
        *("2026-01-31T12:00:00Z", "2026-01-01T00:00:00Z/..", "../..", "/", "2026-13-01T00:00:00Z", "now", ""),
        *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z/..", "2027-01-01T00:00:00Z/2026-01-01T00:00:00Z"),
        "2026-01-31T12:00:00+99:99",
    ]
)
STAC_ADDRESSES = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(st.sampled_from([*GOOD_URNS, "x", ""]), max_size=3).map(",".join),
        "collections": st.lists(st.sampled_from([*GOOD_URNS, "x"]), max_size=3).map(",".join),
        "bbox": _BOXES,
        "datetime": _WHEN | st.text(max_size=20),
        "intersects": _PLACES | st.text(max_size=20),
        "limit": _NUMBERS,
        "after": _NUMBERS | st.text(max_size=10),
        "filter": QUERIES,
        "scope": st.sampled_from([TENANT, OTHER]),
    },
)
"""Query parameters of STAC searches."""

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_COORDINATES = st.recursive(
    st.sampled_from([0, 1.48, 43.56, -180, 1e308, None, "1"]), lambda inner: st.lists(inner, max_size=5), max_leaves=10
)
_GEOMETRIES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "Polygon", "MultiPolygon", "LineString", "GeometryCollection", "Circle"]),
        "coordinates": _COORDINATES | st.sampled_from([[1.48, 43.56], [[[1, 43], [2, 43], [2, 44], [1, 44], [1, 43]]]]),
    }
)
STAC_BODIES = _JSON | st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(st.sampled_from([*GOOD_URNS, "x"]), max_size=3) | _JSON,
        "collections": st.lists(st.sampled_from([*GOOD_URNS, "x"]), max_size=3) | _JSON,
        "bbox": st.lists(st.sampled_from([-180, 0, 1.5, 43, 44, 1e308]), max_size=7) | _JSON,
        "datetime": _WHEN | _JSON,
        "intersects": _GEOMETRIES | _JSON,
        "limit": st.integers(-1, 10**6) | _JSON,
        "after": st.sampled_from(["0", "1", "x"]) | _JSON,
        "sortby": _JSON,
    },
)
"""Bodies of STAC searches."""

_PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "q": QUERIES,
        "bbox": _BOXES,
        "g": _PLACES,
        "lon": _NUMBERS,
        "lat": _NUMBERS,
        "r": _NUMBERS,
        "page": _NUMBERS,
        "x": QUERIES,
    },
)
_SELECTIONS = st.fixed_dictionaries(
    {"engineType": st.sampled_from(["legacy", "legacy", "legacy", "opensearch"])},
    optional={
        "datasetUrn": st.sampled_from([*GOOD_URNS, "x"]) | _JSON,
        "searchParameters": _PARAMETERS | _JSON,
        "entityIdsToInclude": st.lists(st.sampled_from([*GOOD_URNS, "x"]), max_size=3) | _JSON,
        "entityIdsToExclude": st.lists(st.sampled_from([*GOOD_URNS, "x"]), max_size=3) | _JSON,
        "searchDateLimit": _WHEN | _JSON,
    },
)
COMPLEX_BODIES = _JSON | st.fixed_dictionaries(
    {"requests": st.lists(_SELECTIONS, max_size=3)},
    optional={
        "page": st.sampled_from([0, 1, -1, 10**30, 2**31]) | _JSON,
        "size": st.sampled_from([1, 20, 0, 1000, 10**30]) | _JSON,
        "dataTypes": st.lists(st.sampled_from(["RAWDATA", "THUMBNAIL", "x"]), max_size=3) | _JSON,
    },
)
"""Bodies of several searches at once."""
