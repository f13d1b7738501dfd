"""Whatever goes wrong, its type leads to a page that says what it means, with the numbers and what to do."""

import importlib
import pkgutil
import re
from http import HTTPStatus

import msgspec
import pytest
from litestar.exceptions import HTTPException

import application
import domain
from adapters.http.answering import below as moved_below
from adapters.http.catalogue.refusals import access_refusal
from adapters.http.errors import PROBLEM_JSON, Answer, answer_for, answer_for_refusal
from adapters.http.problem_members import MEMBERS
from adapters.http.problems import KINDS
from application.errors import PortError
from domain.access import Role
from domain.account import AccountKey
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
from domain.limits import Limits
from domain.product_access import Allowed, Locked, NoDataRight, NotInProduct, NotVisible, ProductAccess
from domain.quota import ConnectionsExceeded, QuotaExceeded, RateExceeded, Refusal, TicketNotValid, VersionChanged
from domain.search import QueryInvalid
from domain.ticket import TicketState
from tests.catalogue_factories import a_licence, a_urn, an_entry
from tests.e2e.front_door import give_right, put_file, put_product
from tests.e2e.service import TENANT, Service

pytestmark = pytest.mark.anyio

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ARGUMENTS: dict[type[Exception], tuple[object, ...]] = {
    RangeNotSatisfiable: (5000,),
    RestorationRunning: (90,),
    LiesElsewhere: ("https://archive.example.org/a.fits",),
    TenantInMaintenance: ("demo",),
    LicenceMissing: (
        "URN:AIP:DATA:demo",
        "https://archive.example.org/licence.html",
    ),
    QueryInvalid: ("A bracket is missing.", 7),
}
"""What an error takes that takes more than its message."""
REFUSALS = (
    QuotaExceeded(limit=5, current=5),
    RateExceeded(limit=2, current=3),
    ConnectionsExceeded(limit=16, current=16),
    TicketNotValid(TicketState.EXPIRED),
    VersionChanged(),
)
DECISIONS = (NotVisible(), NotInProduct(), Locked(a_licence()), NoDataRight())


def leaves(base: type[Exception]) -> list[type[Exception]]:
    """Every error below this one of the rules and the ports, each of which may be raised."""
    for package in (domain, application):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = [base]
    for error in found:
        found.extend(error.__subclasses__())
    return [error for error in found[1:] if error.__module__.startswith(("domain.", "application."))]


def document_of(answer: Answer) -> dict[str, object]:
    """The problem details in an answer."""
    assert dict(answer.headers)["content-type"] == PROBLEM_JSON
    found: dict[str, object] = msgspec.json.decode(answer.body)
    assert found["status"] == answer.status
    return found


def documents() -> dict[str, dict[str, object]]:
    """The problem details of everything that the rules, the ports and the framework refuse, by where they come from."""
    errors = [
        error(*ARGUMENTS.get(error, ("It went wrong.",))) for base in (DomainError, PortError) for error in leaves(base)
    ]
    frameworks = [HTTPException(status_code=status) for status in HTTPStatus if 400 <= status < 500]
    found = {
        f"{type(error).__name__} {getattr(error, 'status_code', '')}": answer_for(error, accept=PROBLEM_JSON)
        for error in (*errors, *frameworks)
    }
    for refusal in REFUSALS:
        found[type(refusal).__name__] = answer_for_refusal(
            refusal, email="alice@example.org", accept=PROBLEM_JSON, retry_after=12
        )
    for decision in DECISIONS:
        answer = access_refusal(decision, accept_url="https://example.org/accept", accept=PROBLEM_JSON)
        assert answer is not None
        found[type(decision).__name__] = answer
    return {name: document_of(answer) for name, answer in found.items()}


def test_every_refusal_is_among_those_that_are_looked_at():
    assert {type(refusal) for refusal in REFUSALS} == set(Refusal.__args__)
    assert {type(decision) for decision in DECISIONS} | {Allowed} == set(ProductAccess.__args__)


async def test_every_type_that_an_answer_names_leads_to_a_page_for_browsers_and_for_programs():
    async with Service().client() as client:
        openapi = (await client.get("/schema/openapi.json")).text
        said = {name: str(document["type"]) for name, document in documents().items()}
        shown = {
            f"an example at {number}": type_ for number, type_ in enumerate(re.findall(r"/problems/[\w-]+", openapi))
        }
        known = {f"the kind {code}": kind.type for code, kind in KINDS.items()}
        pages = {}
        for type_ in {*said.values(), *shown.values(), *known.values()}:
            page = await client.get(type_, headers={"accept": BROWSER})
            data = await client.get(type_)
            pages[type_] = (page.status_code, data.status_code)
            assert page.headers["content-type"] == "text/html; charset=utf-8", type_
            assert "script" not in page.text
            assert (data.headers["content-type"], data.headers["vary"]) == ("application/json", "accept")
            assert data.json()["type"] == type_
            assert data.json()["explanation"]

    assert shown
    assert {name: type_ for name, type_ in (said | shown | known).items() if pages[type_] != (200, 200)} == {}


async def test_the_list_has_every_kind_in_both_forms():
    async with Service().client() as client:
        page = (await client.get("/problems", headers={"accept": BROWSER})).text
        data = (await client.get("/problems")).json()

    assert [kind["type"] for kind in data["problems"]] == sorted(kind.type for kind in KINDS.values())
    assert all(f'href="problems/{code}"' in page for code in KINDS)


async def test_a_page_tells_the_members_that_its_documents_have():
    promised = {KINDS[code].type: members.keys() for code, members in MEMBERS.items()}
    written = [document for document in documents().values() if document["type"] in promised]
    optional = {"dataset", "accept"}

    assert len(written) >= 5
    for document in written:
        assert promised[document["type"]] - optional <= document.keys(), document


@pytest.mark.parametrize("refusal", REFUSALS[:3], ids=lambda refusal: type(refusal).__name__)
def test_a_limit_says_its_numbers_when_it_changes_and_what_to_do(refusal):
    waits, never = (
        document_of(answer_for_refusal(refusal, email="a@x.org", accept=PROBLEM_JSON, retry_after=wait))
        for wait in (12, None)
    )

    assert (waits["limit"], waits["current"], waits["retryAfter"]) == (refusal.limit, refusal.current, 12)
    assert never["retryAfter"] is None
    assert waits["advice"]


def test_a_restoration_that_runs_says_in_how_many_seconds_it_is_expected():
    answer = answer_for(RestorationRunning(90), accept=PROBLEM_JSON)

    assert (document_of(answer)["retryAfter"], dict(answer.headers)["retry-after"]) == (90, "90")


def test_a_ticket_does_not_say_why_and_yet_what_to_do():
    states = [
        document_of(answer_for_refusal(TicketNotValid(s), email="a", accept=PROBLEM_JSON, retry_after=None))
        for s in TicketState
    ]

    assert all(state == states[0] for state in states)
    assert "Ask for a new one" in str(states[0]["detail"])


@pytest.mark.parametrize(
    ("prefix", "below"), [("", ""), ("/", ""), ("/api/v1/rs-catalog", "/api/v1/rs-catalog"), ('nonsense"', "")]
)
async def test_behind_a_prefix_the_type_leads_through_the_prefix(prefix, below):
    headers = {"accept": PROBLEM_JSON, "x-forwarded-prefix": prefix}
    async with Service().client() as client:
        answer = await client.get("/quota", headers=headers)

    assert answer.json()["type"] == f"{below}/problems/unauthenticated"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert (answer.headers["cache-control"], answer.headers["www-authenticate"]) == (
        "no-store",
        'Bearer realm="rs-downloader"',
    )


def test_behind_a_prefix_everything_that_leads_to_us_does_so_through_it():
    answer = moved_below(answer_for(RestorationNeeded("It sleeps."), accept=PROBLEM_JSON), "/api")

    document = document_of(answer)
    assert (document["type"], document["restorations"]) == ("/api/problems/restoration-needed", "/api/restorations")
    assert dict(answer.headers)["link"].startswith("</api/restorations>")


async def test_an_address_with_nothing_at_it_says_where_to_look():
    async with Service().client() as client:
        answer = await client.get("/")

    assert (answer.status_code, "/schema" in answer.json()["detail"]) == (404, True)


def test_a_range_outside_the_file_is_explained_to_who_asks():
    plain, explained = (answer_for(RangeNotSatisfiable(5), accept=accept) for accept in ("*/*", PROBLEM_JSON))

    assert (plain.body, dict(plain.headers)["content-range"]) == (b"", "bytes */5")
    assert (document_of(explained)["sizeBytes"], dict(explained.headers)["content-range"]) == (5, "bytes */5")


async def test_an_answer_in_upstreams_words_leads_to_its_page_as_well():
    said = [
        answer_for_refusal(refusal, email="a@x.org", accept="*/*", retry_after=None)
        for refusal in (*REFUSALS[:3], TicketNotValid(None))
    ]
    said += [
        answer
        for decision in (Locked(a_licence()), NoDataRight())
        if (answer := access_refusal(decision, accept_url="https://example.org/accept", accept="*/*")) is not None
    ]
    async with Service().client() as client:
        for answer in (*said, answer_for(TicketRefused("No."), accept="")):
            (link,) = [value for name, value in answer.headers if name == "link"]
            target = re.fullmatch(r'<(/problems/[\w-]+)>; rel="help"', link)
            assert target is not None, link
            assert (await client.get(target[1])).json()["status"] == answer.status
            moved = dict(moved_below(answer, "/api").headers)
            assert moved["link"].startswith(f"</api{target[1]}>")
            assert len(moved) == len(answer.headers)


async def test_behind_a_prefix_a_limit_leads_through_it_as_well():
    service = Service()
    put_file(service, "c1")
    put_product(service, an_entry())
    give_right(service)
    await service.ledger.set_limits(AccountKey(TENANT, "user@x.org"), Limits(max_quota=0, rate_limit=0))
    headers = {**service.bearer(Role.REGISTERED_USER, "user@x.org"), "x-forwarded-prefix": "/api"}
    url = f"/downloads/{a_urn()}/files/c1"

    async with service.client() as client:
        plain = await client.get(url, headers=headers)
        explained = await client.get(url, headers={**headers, "accept": PROBLEM_JSON})

    assert (plain.status_code, explained.status_code) == (429, 429)
    assert plain.headers["link"] == '</api/problems/quota-exceeded>; rel="help"'
    assert plain.text.startswith("Download quota of 0 exceeded")
    assert explained.json()["type"] == "/api/problems/quota-exceeded"
