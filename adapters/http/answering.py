"""From answers to Litestar responses, and the one exception handler of the API."""

from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec
from litestar import HttpMethod, Litestar, Request, Response
from litestar.response.base import ASGIResponse

from adapters.http.addresses import own_root
from adapters.http.errors import PROBLEM_JSON, Answer, answer_for

_REFERENCES = ("type", "restorations")
"""Members that are addresses of ours, relative to our root."""


class AnswerResponse(Response[Any]):
    """Sends an ``Answer`` as it stands: Litestar adds no header of its own."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(content=b"", status_code=answer.status)
        self._answer = answer

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **_options: Any) -> ASGIResponse:
        """The answer, without its body for HEAD."""
        del app
        answer = as_seen_by(request, self._answer)
        body = b"" if request.method == HttpMethod.HEAD else answer.body
        response = ASGIResponse(body=body, headers=answer.headers, status_code=answer.status)
        if not answer.body:
            del response.headers["content-type"]
        return response


def as_seen_by(request: Request[Any, Any, Any], answer: Answer) -> Answer:
    """With references that lead to us from where this client sees our root."""
    return below(answer, urlsplit(own_root(request)).path)


def below(answer: Answer, prefix: str) -> Answer:
    """The same answer for a client that sees our root below a prefix: its references lead to us from there as well."""
    if not prefix:
        return answer
    moved = [
        (name, value.replace("</", f"<{prefix}/", 1) if name == "link" else value) for name, value in answer.headers
    ]
    if ("content-type", PROBLEM_JSON) not in moved:
        return attrs.evolve(answer, headers=moved)
    members = msgspec.json.decode(answer.body)
    members |= {name: prefix + members[name] for name in _REFERENCES if str(members.get(name, "")).startswith("/")}
    kept = [field for field in moved if field[0] not in {"content-length", "cache-control"}]
    return Answer.of(answer.status, kept, msgspec.json.encode(members))


def handle_exception(request: Request[Any, Any, Any], error: Exception) -> AnswerResponse:
    """The answer to any error that a handler, a guard or the router raised."""
    return AnswerResponse(answer_for(error, accept=request.headers.get("accept", "")))
