"""Answers to errors and refusals: problem details (RFC 9457) with upstream's ``messages`` array."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

import attrs
import msgspec
import structlog
from litestar.exceptions import HTTPException, NotFoundException

from adapters.http.problems import INTERNAL, REFUSALS, Kind, kind_of, kind_of_status
from application.errors import PortError
from domain.errors import (
    DomainError,
    LicenceMissing,
    LiesElsewhere,
    RangeNotSatisfiable,
    RestorationNeeded,
    RestorationRunning,
    TenantInMaintenance,
    TicketRefused,
)
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded, Refusal, TicketNotValid

PROBLEM_JSON = "application/problem+json"
PLAIN_TEXT = "text/plain; charset=utf-8"
RESTORATIONS = "/restorations"
"""Where files are asked for that must be restored first."""

_URI = "%:/?#[]@!$&'()*+,;=-._~"
"""What of a URL may stand in a field as it is (RFC 3986 section 2)."""

_POLICIES = {QuotaExceeded: "quota", RateExceeded: "rate", ConnectionsExceeded: "connections"}
_UNITS = {QuotaExceeded: "requests", RateExceeded: "concurrent-requests", ConnectionsExceeded: "concurrent-requests"}

_log = structlog.get_logger(__name__)


NOTHING_HERE = "Nothing is at this address; /schema shows what there is."


@attrs.frozen
class Answer:
    """A complete answer, independent of the web framework.

    Header names are lower case, as ASGI wants them, and ``content-length`` is among them. An empty body has no
    ``content-type``.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, status: int, headers: Sequence[tuple[str, str]], body: bytes = b"") -> "Answer":
        """An answer that nobody may keep: 404, 405 and 410 may be cached by default (RFC 9110 section 15.1)."""
        return cls(status, [*headers, ("cache-control", "no-store"), ("content-length", str(len(body)))], body)


def answer_for(error: Exception, *, accept: str, restorations: str = RESTORATIONS) -> Answer:
    """The answer to an error. ``accept`` is the request's ``Accept`` field, empty when there is none.

    ``restorations`` is where this caller has the file restored.

    Unknown errors are logged and answered with 500 and nothing of their content.
    """
    match error:
        case RangeNotSatisfiable():
            return _outside(error, accept)
        case TicketRefused() if not asks_for_problem(accept):
            return Answer.of(403, [explained(kind_of(error))])
        case TenantInMaintenance() if not asks_for_problem(accept):
            headers = [("content-type", PLAIN_TEXT), ("retry-after", str(kind_of(error).retry_after))]
            return Answer.of(kind_of(error).status, headers, str(error).encode())
        case LiesElsewhere():
            return problem(
                kind_of(error),
                str(error),
                headers=[("link", f'<{quote(error.uri, safe=_URI)}>; rel="alternate"')],
                extra={"uri": error.uri},
            )
        case LicenceMissing():
            extra = {"license": error.link, "advice": kind_of(error).explanation}
            return problem(kind_of(error), str(error), extra=extra)
        case RestorationRunning():
            return problem(attrs.evolve(kind_of(error), retry_after=error.retry_after), str(error))
        case RestorationNeeded():
            link = ("link", f'<{restorations}>; rel="related"; title="POST here to have it restored"')
            return problem(kind_of(error), str(error), headers=[link], extra={"restorations": restorations})
        case DomainError() | PortError():
            return problem(kind_of(error), str(error))
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _framework_refusal(error)
        case _:
            _log.error("request failed", exc_info=error)
            return problem(INTERNAL, "The service failed; its log tells why.")


def _outside(error: RangeNotSatisfiable, accept: str) -> Answer:
    size = ("content-range", f"bytes */{error.size_bytes}")
    if not asks_for_problem(accept):
        return Answer.of(416, [size])
    return problem(kind_of(error), str(error), headers=[size], extra={"sizeBytes": error.size_bytes})


def answer_for_refusal(refusal: Refusal, *, email: str, accept: str, retry_after: int | None) -> Answer:
    """The answer to a refused admission of this user; ``retry_after`` in seconds when waiting helps.

    429 is upstream's sentence as plain text (contract-downloader 3.4) unless the client asks for problem details.
    """
    kind = REFUSALS[type(refusal)]
    if not isinstance(refusal, QuotaExceeded | RateExceeded | ConnectionsExceeded):
        if isinstance(refusal, TicketNotValid) and not asks_for_problem(accept):
            return Answer.of(kind.status, [explained(kind)])
        return problem(kind, kind.explanation)
    policy = _POLICIES[type(refusal)]
    remaining = max(0, refusal.limit - refusal.current)
    sentence = f"Download {policy} of {refusal.limit} exceeded (by {refusal.current - refusal.limit}) for user {email}."
    headers = [
        ("ratelimit-policy", f'"{policy}";q={refusal.limit};qu="{_UNITS[type(refusal)]}"'),
        ("ratelimit", f'"{policy}";r={remaining}' + (f";t={retry_after}" if retry_after is not None else "")),
    ]
    if retry_after is not None:
        headers.append(("retry-after", str(retry_after)))
    if not asks_for_problem(accept):
        return Answer.of(kind.status, [("content-type", PLAIN_TEXT), explained(kind), *headers], sentence.encode())
    extra = {
        "limit": refusal.limit,
        "current": refusal.current,
        "retryAfter": retry_after,
        "advice": kind.explanation,
    }
    return problem(kind, sentence, headers=headers, extra=extra)


def problem(
    kind: Kind,
    detail: str,
    *,
    messages: Sequence[str] = (),
    headers: Sequence[tuple[str, str]] = (),
    extra: Mapping[str, object] | None = None,
) -> Answer:
    """Problem details of one kind; ``messages`` defaults to the detail, ``extra`` are further members."""
    waiting = {} if kind.retry_after is None else {"retryAfter": kind.retry_after}
    members = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "messages": list(messages) or [detail],
        **waiting,
        **(extra or {}),
    }
    sent = [("content-type", PROBLEM_JSON), *headers]
    if kind.retry_after is not None:
        sent.append(("retry-after", str(kind.retry_after)))
    if kind.status == HTTPStatus.UNAUTHORIZED:
        sent.append(("www-authenticate", 'Bearer realm="rs-downloader"'))
    return Answer.of(kind.status, sent, msgspec.json.encode(members))


def explained(kind: Kind) -> tuple[str, str]:
    """Where people read what an answer means whose body is upstream's (RFC 8288, relation ``help``)."""
    return "link", f'<{kind.type}>; rel="help"'


def asks_for_problem(accept: str) -> bool:
    """Whether the ``Accept`` field names ``application/problem+json`` (a wildcard does not)."""
    for part in accept.split(","):
        media_type, _, parameters = part.partition(";")
        weight = parameters.replace(" ", "").lower()
        if media_type.strip().lower() == PROBLEM_JSON and weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            return True
    return False


def _framework_refusal(error: HTTPException) -> Answer:
    """What the framework refused. Its own detail may quote the query string, where tickets are: never sent on."""
    kind = kind_of_status(error.status_code)
    found = [_sentence(item) for item in error.extra] if isinstance(error.extra, list) else []
    said = error.detail.partition(" for path ")[0]
    if isinstance(error, NotFoundException) and said == HTTPStatus.NOT_FOUND.phrase:
        said = NOTHING_HERE
    detail = "; ".join(found) or (kind.explanation if said.startswith("Validation failed") else said)
    allowed = [(name.lower(), value) for name, value in (error.headers or {}).items()]
    return problem(kind, detail, messages=found, headers=allowed)


def _sentence(item: object) -> str:
    """One finding of the framework's validation; it calls the body ``data`` and a missing one ``'data'``."""
    if not isinstance(item, Mapping):
        return str(item)
    key, message = item.get("key"), str(item.get("message", ""))
    if key == "data":
        return "The body is missing." if message == "'data'" else message
    return f"{key}: {message}" if key else message
