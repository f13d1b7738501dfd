"""From answers to Litestar responses, and the one exception handler of the API."""

from typing import Any

from litestar import HttpMethod, Litestar, Request, Response
from litestar.response.base import ASGIResponse

from adapters.http.errors import Answer, answer_for


class AnswerResponse(Response[Any]):
    """Sends an ``Answer`` as it stands: Litestar adds no header of its own."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(content=b"", status_code=answer.status)
        self._answer = answer

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **_options: Any) -> ASGIResponse:
        """The answer, without its body for HEAD."""
        del app
        body = b"" if request.method == HttpMethod.HEAD else self._answer.body
        response = ASGIResponse(body=body, headers=self._answer.headers, status_code=self._answer.status)
        if not self._answer.body:
            del response.headers["content-type"]
        return response


def handle_exception(request: Request[Any, Any, Any], error: Exception) -> AnswerResponse:
    """The answer to any error that a handler, a guard or the router raised."""
    return AnswerResponse(answer_for(error, accept=request.headers.get("accept", "")))
