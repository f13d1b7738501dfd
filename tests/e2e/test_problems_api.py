"""Errors on the wire: problem details with upstream's messages, and nothing that should stay inside."""

import msgspec
import pytest
from litestar import get
from structlog.testing import capture_logs

from adapters.http.errors import answer_for, answer_for_refusal, asks_for_problem
from adapters.http.problems import KINDS
from adapters.http.roles import everybody
from application.errors import DatabaseUnavailable, Overloaded
from domain.access import Role
from domain.errors import CopiesUnreachable, FileChanged, NotFound, RangeNotSatisfiable, TicketRefused
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded, TicketNotValid, VersionChanged
from domain.ticket import TicketState
from tests.e2e.service import Service

PROBLEM = "application/problem+json"


def headers_of(answer) -> dict[str, str]:
    return dict(answer.headers)


def test_an_error_becomes_problem_details_with_messages():
    answer = answer_for(NotFound("There is no such ticket."), accept="*/*")

    assert msgspec.json.decode(answer.body) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such ticket.",
        "messages": ["There is no such ticket."],
    }
    assert headers_of(answer) == {
        "content-type": PROBLEM,
        "cache-control": "no-store",
        "content-length": str(len(answer.body)),
    }


def test_an_unsatisfiable_range_has_no_body_and_tells_the_size():
    answer = answer_for(RangeNotSatisfiable(5000), accept="*/*")

    assert (answer.status, answer.body) == (416, b"")
    assert headers_of(answer)["content-range"] == "bytes */5000"


@pytest.mark.parametrize("error", [CopiesUnreachable("x"), DatabaseUnavailable("x"), Overloaded("x")])
def test_what_may_work_later_says_when(error):
    answer = answer_for(error, accept="")

    assert answer.status == 503
    assert int(headers_of(answer)["retry-after"]) > 0


def test_changed_bytes_are_a_failed_precondition():
    assert answer_for(FileChanged("x"), accept="").status == 412


@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "application/json"])
def test_a_refused_ticket_says_nothing_unless_asked(accept):
    for answer in (
        answer_for(TicketRefused("x"), accept=accept),
        answer_for_refusal(TicketNotValid(TicketState.EXPIRED), email="a@x", accept=accept, retry_after=None),
    ):
        assert (answer.status, answer.body) == (403, b"")


def test_a_refused_ticket_does_not_say_why_even_when_asked():
    answers = [
        answer_for_refusal(TicketNotValid(state), email="a@x", accept=PROBLEM, retry_after=None)
        for state in (*TicketState, None)
    ]

    assert len({answer.body for answer in answers}) == 1


def test_an_unknown_error_is_logged_and_says_nothing_outside():
    with capture_logs() as logs:
        answer = answer_for(RuntimeError("password=hush"), accept="")

    assert answer.status == 500
    assert b"hush" not in answer.body
    assert logs[0]["event"] == "request failed"


@pytest.mark.parametrize(
    ("refusal", "sentence", "policy", "left"),
    [
        (
            QuotaExceeded(limit=50, current=53),
            "Download quota of 50 exceeded (by 3) for user a@x.org.",
            '"quota";q=50;qu="requests"',
            '"quota";r=0',
        ),
        (
            RateExceeded(limit=3, current=3),
            "Download rate of 3 exceeded (by 0) for user a@x.org.",
            '"rate";q=3;qu="concurrent-requests"',
            '"rate";r=0',
        ),
        (
            ConnectionsExceeded(limit=16, current=16),
            "Download connections of 16 exceeded (by 0) for user a@x.org.",
            '"connections";q=16;qu="concurrent-requests"',
            '"connections";r=0',
        ),
    ],
)
def test_a_refused_download_has_upstreams_sentence_and_the_numbers(refusal, sentence, policy, left):
    answer = answer_for_refusal(refusal, email="a@x.org", accept="*/*", retry_after=None)

    fields = headers_of(answer)
    assert (answer.status, answer.body.decode()) == (429, sentence)
    assert fields["content-type"] == "text/plain; charset=utf-8"
    assert (fields["ratelimit-policy"], fields["ratelimit"]) == (policy, left)
    assert "retry-after" not in fields


def test_a_refusal_that_waiting_cures_says_when():
    answer = answer_for_refusal(RateExceeded(limit=3, current=3), email="a@x.org", accept="", retry_after=12)

    fields = headers_of(answer)
    assert (fields["retry-after"], fields["ratelimit"]) == ("12", '"rate";r=0;t=12')


def test_a_refusal_is_explained_to_who_asks_for_problem_details():
    answer = answer_for_refusal(
        RateExceeded(limit=3, current=4), email="a@x.org", accept=f"text/html, {PROBLEM};q=0.9", retry_after=12
    )

    body = msgspec.json.decode(answer.body)
    assert body["detail"] == "Download rate of 3 exceeded (by 1) for user a@x.org."
    assert (body["limit"], body["current"]) == (3, 4)
    assert "/quota/current/transfers" in body["advice"]
    assert headers_of(answer)["retry-after"] == "12"


def test_a_changed_file_is_a_failed_precondition_for_the_ledger_too():
    answer = answer_for_refusal(VersionChanged(), email="a@x.org", accept="", retry_after=None)

    assert (answer.status, msgspec.json.decode(answer.body)["type"]) == (412, "/problems/file-changed")


@pytest.mark.parametrize(
    ("accept", "asks"),
    [
        (PROBLEM, True),
        ("Application/Problem+JSON; q=0.5", True),
        (f"text/html,{PROBLEM}", True),
        (f"{PROBLEM};q=0", False),
        (f"{PROBLEM}; q=0.000", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_problem_details_are_asked_for_by_name(accept, asks):
    assert asks_for_problem(accept) is asks


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("PATCH", "/storages", 405, "method-not-allowed"),
        ("GET", "/quotas", 400, "bad-request"),
        ("GET", "/files?limit=0", 400, "bad-request"),
        ("GET", "/files?limit=ten", 400, "bad-request"),
        ("POST", "/files", 400, "bad-request"),
    ],
)
async def test_what_the_framework_refuses_looks_the_same(verb, path, status, code):
    service = Service()

    async with service.client() as client:
        answer = await client.request(verb, path, headers=service.bearer(Role.PROJECT_ADMIN))

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["type"] == f"/problems/{code}"
    assert answer.json()["messages"]


@pytest.mark.anyio
async def test_a_method_that_is_not_allowed_tells_those_that_are():
    async with Service().client() as client:
        answer = await client.patch("/storages")

    assert answer.headers["allow"] == "GET, OPTIONS, POST"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/files/c1/download/token?scope=demo&T=hush", 400),
        ("/quotas?t=hush&scope=demo", 400),
        ("/quotas?token=hush&scope=demo", 401),
    ],
)
async def test_an_error_never_quotes_the_query(path, status):
    async with Service().client() as client:
        answer = await client.get(path)

    assert answer.status_code == status
    assert "hush" not in answer.text


@pytest.mark.anyio
async def test_a_body_that_is_too_large_is_413():
    service = Service()

    async with service.client() as client:
        answer = await client.post(
            "/files", headers=service.bearer(Role.PROJECT_ADMIN), content=b" " * (10 * 1024 * 1024 + 1)
        )

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/content-too-large")


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b'{"checksum": "\xff"}', b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 5000], ids=len)
async def test_a_body_that_cannot_be_read_is_the_clients_mistake(body):
    service = Service()

    async with service.client() as client:
        answer = await client.post("/tickets", headers=service.bearer(Role.PROJECT_ADMIN), content=body)

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")


@pytest.mark.anyio
async def test_an_unexpected_failure_is_500_without_its_reason():
    @get("/broken", opt=everybody())
    async def broken() -> str:
        raise RuntimeError("hush")

    async with Service(extra_handlers=(broken,)).client() as client:
        with capture_logs():
            answer = await client.get("/broken")

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert "hush" not in answer.text


@pytest.mark.anyio
async def test_every_problem_type_leads_to_an_explanation():
    async with Service().client() as client:
        listed = (await client.get("/problems")).text
        for code, kind in KINDS.items():
            page = await client.get(kind.type)
            assert page.status_code == 200
            assert kind.explanation in page.text
            assert code in listed
        unknown = await client.get("/problems/unknown")

    assert unknown.status_code == 404
