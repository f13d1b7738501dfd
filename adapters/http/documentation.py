"""What the OpenAPI document says of an operation: one helper, so that every operation says as much."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, SecurityRequirement

from adapters.http.errors import PROBLEM_JSON
from adapters.http.problems import EXAMPLES
from adapters.http.roles import at_least
from domain.access import Role


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457) with upstream's ``messages``."""

    type: str
    title: str
    status: int
    detail: str
    messages: list[str]


_REASONS = {
    400: "The request cannot be read; `messages` name what is wrong in it.",
    401: "No valid bearer token, and no `scope`.",
    403: "The caller's role is too weak.",
    404: "There is no such thing in the caller's tenant.",
    409: "The name or checksum is taken, something still depends on it, or somebody changed it at the same time.",
    422: "A value breaks a rule, which `detail` names.",
    503: "The database or a storage does not answer; see `Retry-After`.",
}

NO_CALLER: list[SecurityRequirement] = [{}]
"""``security`` of a route for everybody, in place of the document's."""

_ALWAYS = (400, 401, 403, 503)


def operation(
    operation_id: str,
    summary: str,
    *,
    role: Role,
    tag: str,
    status: int = 200,
    answer: Any = None,
    example: object = None,
    problems: Iterable[int] = (),
    also: Iterable[int] = (),
) -> dict[str, Any]:
    """Keyword arguments of a route: its role, its document, and every status that it can answer with.

    ``answer`` is the type of the body sent with ``status``, and with those of ``also``; ``None`` for an empty one.
    """
    examples = [Example(summary="Example", value=example)] if example is not None else None
    successes = {
        code: ResponseSpec(
            data_container=answer,
            generate_examples=False,
            description=HTTPStatus(code).phrase,
            examples=examples,
        )
        for code in (status, *also)
    }
    return {
        "operation_id": operation_id,
        "summary": summary,
        "opt": at_least(role),
        "status_code": status,
        "tags": [tag],
        "responses": {**successes, **{code: problem_spec(code) for code in sorted({*_ALWAYS, *problems})}},
    }


def problem_spec(status: int) -> ResponseSpec:
    """The document of problem details with one status."""
    kind = EXAMPLES[status]
    title = kind.title
    detail = _REASONS.get(status, title)
    value = {"type": kind.type, "title": title, "status": status, "detail": detail, "messages": [detail]}
    return ResponseSpec(
        data_container=Problem,
        generate_examples=False,
        description=_REASONS.get(status, title),
        media_type=PROBLEM_JSON,
        examples=[Example(summary=title, value=value)],
    )
