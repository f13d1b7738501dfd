"""What each problem type means: the pages that ``type`` leads to (RFC 9457 section 3.1.1)."""

from litestar import MediaType, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from adapters.http.documentation import NO_CALLER, problem_spec
from adapters.http.problems import KINDS
from adapters.http.roles import everybody
from domain.errors import NotFound


def _page(description: str) -> ResponseSpec:
    return ResponseSpec(data_container=str, generate_examples=False, description=description, media_type=MediaType.TEXT)


@get(
    "/problems",
    operation_id="listProblems",
    summary="List the kinds of problem",
    opt=everybody(),
    security=NO_CALLER,
    tags=["problems"],
    media_type=MediaType.TEXT,
    responses={200: _page("One line for each.")},
    sync_to_thread=False,
)
def list_problems() -> str:
    """Every kind of problem that this service answers with, one a line: code, status, title."""
    return "".join(f"{code}\t{kind.status}\t{kind.title}\n" for code, kind in sorted(KINDS.items()))


@get(
    "/problems/{code:str}",
    operation_id="explainProblem",
    summary="Explain a kind of problem",
    opt=everybody(),
    security=NO_CALLER,
    tags=["problems"],
    media_type=MediaType.TEXT,
    responses={200: _page("What it means and what to do."), 404: problem_spec(404)},
    sync_to_thread=False,
)
def explain_problem(code: FromPath[str]) -> str:
    """What the problem means and what to do about it."""
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound(f"There is no kind of problem {code!r}.")
    return f"{kind.title} ({kind.status})\n\n{kind.explanation}\n"


route_handlers = (list_problems, explain_problem)
