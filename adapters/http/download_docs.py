"""What the OpenAPI document says of the download routes: every status, header and example."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec

from adapters.http.documentation import Problem

_HEADERS = (
    ("Accept-Ranges", "`bytes`: single and multiple ranges are answered with 206.", "bytes"),
    ("Content-Range", "With 206: which bytes these are.", "bytes 1000-1999/5000"),
    ("ETag", "Strong entity tag, the checksum. Use it with `If-Range`, `If-Match`, `If-None-Match`.", '"9e107d9d…"'),
    ("Last-Modified", "When the file was registered.", "Sat, 21 Nov 2026 09:00:00 GMT"),
    ("Content-Disposition", "A plain name first, then the exact one.", 'attachment; filename="a.dat"; size=5000'),
    ("Repr-Digest", "RFC 9530 digest of the whole file, if its algorithm is registered.", "sha-256=:…:"),
    ("Digest", "The same by RFC 3230, which aria2 verifies.", "SHA-256=…"),
)

CONDITIONS: list[dict[str, Any]] = [
    {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
    for name, text in (
        ("Range", "Which bytes, like `bytes=1000-1999`; what cannot be read asks for all of them."),
        ("If-Range", "The range holds only for this entity tag or date; otherwise all bytes come."),
        ("If-None-Match", "304 where one of these entity tags is the file's."),
        ("If-Modified-Since", "304 where the file is no newer."),
        ("If-Match", "412 unless one of these entity tags is the file's."),
        ("If-Unmodified-Since", "412 where the file is newer."),
    )
]
"""Fields of a request that all downloads read (RFC 9110 sections 13 and 14), for the document."""

_DESCRIPTION = """\
Streams the bytes of a file, resumably. `Content-Length` is always exact, and the body is never chunked or encoded.

- Only `RAWDATA` is counted: one unit per complete copy, however many ranges or resumes it takes.
- HEAD, 304, 412 and 416 cost nothing. A download that delivers nothing gives its unit back.
- A storage may be set to redirect: then GET answers 303 and one complete copy is charged each time, for a range as for
  the whole; HEAD answers as ever. Several ranges in one answer, and tickets with a number of uses, are streamed.
- Ranges: single, or up to 50 in one `multipart/byteranges` answer; overlapping ones are joined.
- When a copy fails while it is sent, the next one continues at the same byte. When bytes turn out to be wrong, the
  connection is cut before the last byte, so that no client can take the file for complete.
"""


def _spec(
    description: str, container: type | None = Problem, media_type: str = "application/problem+json"
) -> ResponseSpec:
    return ResponseSpec(
        data_container=container, generate_examples=False, description=description, media_type=media_type
    )


_COMMON: Mapping[int, ResponseSpec] = {
    206: _spec("The requested range, or several as multipart/byteranges.", bytes, "application/octet-stream"),
    303: _spec(
        "The copy is on a storage that clients are sent to: `Location` is a URL that it has signed for a short time, "
        "with our name and type of the file. One complete copy is charged at once. The body is empty.",
        None,
    ),
    304: _spec("The client's copy is current.", None),
    400: _spec("A parameter cannot be read."),
    401: _spec("No valid token, and no `scope`."),
    404: _spec("Unknown checksum, or no copy that could ever be read."),
    410: _spec("Only a nearline copy exists; it must be restored first."),
    412: _spec("A precondition does not hold, or the file has changed since this download started."),
    416: _spec("No requested byte lies inside the file; `Content-Range` tells its size. The body is empty.", None),
    429: _spec(
        "Quota or rate reached: upstream's sentence, or problem details when asked for. `Retry-After` where waiting "
        "helps; `RateLimit` and `RateLimit-Policy` with the numbers.",
        str,
        "text/plain",
    ),
    503: _spec("Copies exist but none can be read now, or the service cannot answer; see `Retry-After`."),
}


def _named(operation: str) -> Callable[[Any, Any, Any], str]:
    """GET has upstream's operation id, HEAD one of its own."""

    def name(_handler: object, method: object, _path: object) -> str:
        return operation if str(getattr(method, "value", method)).upper() == "GET" else f"{operation}Head"

    return name


def _documented(operation: str, summary: str, description: str, forbidden: ResponseSpec) -> dict[str, Any]:
    return {
        "operation_id": _named(operation),
        "summary": summary,
        "description": description,
        "media_type": "application/octet-stream",
        "responses": {**_COMMON, 403: forbidden},
        "response_headers": [
            ResponseHeader(name=name, description=text, value=example, documentation_only=True)
            for name, text, example in _HEADERS
        ],
        "tags": ["downloads"],
    }


_FORBIDDEN = _spec("The caller's role is too weak.")
DOWNLOAD = _documented("downloadFile", "Download a file by checksum", _DESCRIPTION, _FORBIDDEN)
DOWNLOAD_BY_NAME = _documented(
    "downloadFileByName", "The same, with the file's name as last segment of the URL", _DESCRIPTION, _FORBIDDEN
)
DOWNLOAD_BY_TICKET = _documented(
    "downloadFileWithToken",
    "Download a file with a ticket",
    "Like the download by checksum, for whoever holds a ticket; `scope` names the tenant when there is no token.\n\n"
    "A ticket that is unknown, revoked, expired or used up answers 403 with an empty body and does not say which.",
    _spec("The ticket does not open this file. The body is empty.", None),
)
DOWNLOAD_BY_TICKET_AND_NAME = _documented(
    "downloadFileWithTokenByName",
    "Download a file with a ticket, with the file's name as last segment of the URL",
    "Like the download with a ticket; the name chooses nothing.",
    _spec("The ticket does not open this file. The body is empty.", None),
)


_PRODUCT_DESCRIPTION = (
    """\
A file of a product, in this order and the same for GET and HEAD: the caller's groups see the product, the product lists
the checksum, the licence is accepted unless the file is of a public type, and a group has the right to its files.

- A product that the caller does not see is answered like one that does not exist: 404.
- A licence that is not accepted yet is answered with 423 and where to read and accept it.
- Problem details come instead of upstream's bodies when `Accept` names `application/problem+json`.
- HEAD with `acceptLicense` accepts nothing; it tells what GET would answer.

"""
    + _DESCRIPTION
)


class LicenceToAccept(msgspec.Struct, frozen=True):
    """What stands in the way: a licence, and the same request with which it is accepted."""

    license: str
    accept: str


_LOCKED = _spec("A licence must be accepted first.", LicenceToAccept, "application/json")
_NO_RIGHT = _spec("The caller sees the product and has no right to this file. The body is empty.", None)


def _of_product(operation: str, summary: str) -> dict[str, Any]:
    documented = _documented(operation, summary, _PRODUCT_DESCRIPTION, _NO_RIGHT)
    return {**documented, "responses": {**documented["responses"], 423: _LOCKED}}


PRODUCT_DOWNLOAD = _of_product("downloadProductFile", "Download a file of a product")
PRODUCT_DOWNLOAD_BY_NAME = _of_product(
    "downloadProductFileByName", "The same, with the file's name as last segment of the URL"
)
