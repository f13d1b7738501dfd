"""What each problem type means: the pages that ``type`` leads to (RFC 9457 section 3.1.1).

Browsers get a page, everybody else JSON.
"""

from html import escape
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from adapters.http.documentation import NO_CALLER, problem_spec
from adapters.http.problem_members import members_of
from adapters.http.problems import KINDS, Kind
from adapters.http.roles import everybody
from domain.errors import NotFound

_HEADERS = {"vary": "accept", "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}


class ProblemKind(msgspec.Struct, frozen=True, rename="camel"):
    """A kind of problem: what it means, what to do, and what its documents say beside the usual members.

    ``retry_after`` is the usual wait in seconds; ``None`` when waiting does not help or is known only case by case.
    """

    type: str
    title: str
    status: int
    explanation: str
    retry_after: int | None
    members: dict[str, str]

    @classmethod
    def of(cls, kind: Kind) -> "ProblemKind":
        """What is told of a kind."""
        members = members_of(kind.code, waits=kind.retry_after is not None)
        return cls(kind.type, kind.title, kind.status, kind.explanation, kind.retry_after, members)

    def as_page(self) -> str:
        """The same for people."""
        wait = "" if self.retry_after is None else f"<p>The usual wait is {self.retry_after} seconds.</p>"
        rows = "".join(f"<dt><code>{escape(n)}</code></dt><dd>{escape(m)}</dd>" for n, m in self.members.items())
        numbers = f"<h2>What the answer tells</h2><dl>{rows}</dl>" if rows else ""
        return _page(
            self.title,
            f"<p>Status {self.status}</p><p>{escape(self.explanation)}</p>{wait}{numbers}"
            '<p><a href="../problems">All kinds of problem</a></p>',
        )


class ProblemKinds(msgspec.Struct, frozen=True):
    """Every kind of problem that this service answers with."""

    problems: list[ProblemKind]

    def as_page(self) -> str:
        """The same for people."""
        rows = "".join(
            f'<li><a href="{escape(kind.type.removeprefix("/"))}">{escape(kind.title)}</a> ({kind.status})</li>'
            for kind in self.problems
        )
        return _page("Kinds of problem", f"<ul>{rows}</ul>")


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def _answer(request: Request[Any, Any, Any], content: ProblemKind | ProblemKinds) -> Response[Any]:
    """As a page for who prefers one, as browsers do."""
    kinds = [MediaType.JSON.value, MediaType.HTML.value]
    if request.accept.best_match(kinds, default=MediaType.JSON.value) == MediaType.HTML:
        return Response(content.as_page(), media_type=MediaType.HTML, headers=_HEADERS)
    return Response(content, media_type=MediaType.JSON, headers=_HEADERS)


def _spec(content: type, description: str) -> ResponseSpec:
    return ResponseSpec(data_container=content, generate_examples=False, description=description)


@get(
    "/problems",
    operation_id="listProblems",
    summary="List the kinds of problem",
    opt=everybody(),
    security=NO_CALLER,
    tags=["problems"],
    responses={200: _spec(ProblemKinds, "All of them; a page for browsers.")},
    sync_to_thread=False,
)
def list_problems(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every kind of problem that this service answers with."""
    return _answer(request, ProblemKinds([ProblemKind.of(kind) for _, kind in sorted(KINDS.items())]))


@get(
    "/problems/{code:str}",
    operation_id="explainProblem",
    summary="Explain a kind of problem",
    opt=everybody(),
    security=NO_CALLER,
    tags=["problems"],
    responses={200: _spec(ProblemKind, "What it means and what to do; a page for browsers."), 404: problem_spec(404)},
    sync_to_thread=False,
)
def explain_problem(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """What the problem means, what its documents tell, and what to do about it."""
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound(f"There is no kind of problem {code!r}.")
    return _answer(request, ProblemKind.of(kind))


route_handlers = (list_problems, explain_problem)
