"""What a server's answer says, and what it means for the file."""

import attrs

from entrypoints.client.outcome import Failure

RESTORING = "restoration-running"
QUOTA_EXCEEDED = "quota-exceeded"
TOO_MANY_REQUESTS = 429
TRANSIENT = frozenset({202, 408, 425, TOO_MANY_REQUESTS, 500, 502, 503, 504})


@attrs.frozen(kw_only=True)
class Answer:
    """The head of an answer. ``first`` and ``total`` come from Content-Range; ``code`` and ``detail`` of a problem."""

    status: int
    e_tag: str | None = None
    length: int | None = None
    first: int | None = None
    total: int | None = None
    retry_after: float | None = None
    code: str | None = None
    detail: str = ""


def failure_of(answer: Answer) -> Failure:
    """Why the file does not come, when this is the last word."""
    if answer.code == QUOTA_EXCEEDED:
        return Failure.QUOTA
    by_status = {
        401: Failure.UNAUTHENTICATED,
        403: Failure.REFUSED,
        404: Failure.NOT_FOUND,
        410: Failure.NEARLINE,
        423: Failure.LICENCE,
    }
    return by_status.get(answer.status, Failure.BUSY if answer.status in TRANSIENT else Failure.UNUSABLE)


def said_by(answer: Answer) -> str:
    """The answer in one line for a person."""
    return f"HTTP {answer.status}: {answer.detail}" if answer.detail else f"HTTP {answer.status}"
