"""Whatever is sent to the front door: never 5xx, always a readable refusal that changed nothing, nothing of others."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from litestar.testing import TestClient
from sqlalchemy import Engine

from adapters.http.problems import KINDS
from adapters.persistence.engine import create_engine_for
from adapters.persistence.tables import metadata
from domain.access import Caller, Role
from entrypoints.containers import CLIContainer
from entrypoints.http import container_for, create_from
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings
from tests.contract.sql_databases import EITHER, database
from tests.e2e.front_door_fuzz import (
    CHECKSUMS,
    COMPLEX_BODIES,
    FILES,
    GOOD_URNS,
    HEADERS,
    QUERIES,
    SEARCHES,
    STAC_ADDRESSES,
    STAC_BODIES,
    URNS,
)
from tests.e2e.real_service import TENANT, until
from tests.e2e.two_archives import ADMIN, LOCKED, OTHER, OURS, PLAIN, USER, Archives, make_archives, urn_of

LEDGER = ("account", "download", "transfer", "ticket")
EVERYTHING_OF_USERS = (*LEDGER, "licence_acceptance", "restoration_group", "restoration_request")

usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


class Door:
    """A served database with both tenants; a plain class, since Hypothesis would print every field of a record."""

    def __init__(
        self, client: TestClient[Any], archives: Archives, callers: dict[str, dict[str, str]], engine: Engine
    ) -> None:
        self.client = client
        self.archives = archives
        self.callers = callers
        self.engine = engine

    def rows(self, *names: str) -> list[object]:
        """Rows of these tables, once nothing is under way."""
        under_way, *found = self._read("transfer", *names)
        if not under_way:
            return found
        until(lambda: self._read("transfer") == [[]])
        return self._read(*names)

    def _read(self, *names: str) -> list[object]:
        with self.engine.connect() as connection:
            tables = (connection.execute(metadata.tables[name].select()) for name in names)
            return [sorted((tuple(row) for row in table), key=repr) for table in tables]

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        """An answer of which what must always hold has been seen to hold."""
        answer = self.client.request(method, url, follow_redirects=False, **more)
        assert answer.status_code < 500, f"{method} {url[:500]}: {answer.text[:500]}"
        if answer.status_code >= 400:
            _is_readable(answer, method)
        self._tells_nothing(answer)
        return answer

    def _tells_nothing(self, answer: httpx.Response) -> None:
        told = b"\n".join([*(name + b": " + value for name, value in answer.headers.raw), answer.content]).lower()
        asked = b"\n".join([str(answer.request.url).encode(), answer.request.content]).lower()
        leaked = [
            secret for secret in self.archives.secrets if secret.encode() in told and secret.encode() not in asked
        ]
        assert leaked == []


def _is_readable(answer: httpx.Response, method: str) -> None:
    """Problem details, or upstream's body (contract-catalog sections 1 and 9)."""
    assert method == "HEAD" or int(answer.headers["content-length"]) == len(answer.content)
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if method == "HEAD" or not answer.content:
        assert answer.content == b""
        assert method == "HEAD" or answer.status_code in {403, 416}
    elif media_type == "application/problem+json":
        problem = json.loads(answer.content)
        assert problem["status"] == answer.status_code
        assert problem["type"].removeprefix("/problems/") in KINDS
        assert all(isinstance(text, str) and text for text in (problem["title"], problem["detail"]))
        assert problem["messages"]
        assert all(isinstance(text, str) for text in problem["messages"])
    else:
        assert (answer.status_code, media_type) in {(423, "application/json"), (429, "text/plain")}


@pytest.fixture(scope="module", params=EITHER)
def door(request, tmp_path_factory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("fuzz")
    with database(request.param) as url:
        given_settings = Settings.from_environ(
            {
                "RS_DOWNLOADER_DATA_DIR": str(folder / "data"),
                "RS_DOWNLOADER_DATABASE_URL": url,
                "RS_DOWNLOADER_LOCAL_ROOTS": str(folder / "{tenant}"),
                "RS_DOWNLOADER_LEASE_SECONDS": "3600",
                # What was asked for stays asked for: nothing but requests changes anything.
                "RS_DOWNLOADER_RESTORATION_SECONDS": "3600",
                "RS_DOWNLOADER_SLOT_WAIT_SECONDS": "0",
            }
        )
        _add_tenant(given_settings)
        container = container_for(given_settings)
        tokens = container.adapters.tokens()

        def token(email: str, role: Role, tenant: str) -> str:
            issued: str = tokens.issue(Caller(tenant, email, role), timedelta(hours=1))
            return issued

        bearer = {role: f"Bearer {token(email, role, TENANT)}" for email, role in CALLERS}
        user = bearer[Role.REGISTERED_USER]
        engine = create_engine_for(url)
        with TestClient(create_from(container), base_url="http://testserver.local") as client:
            archives = make_archives(folder, client, token)
            yield Door(
                client,
                archives,
                {
                    "nobody": {},
                    "anonymous": {"scope": TENANT},
                    "of no tenant": {"scope": "no-such-tenant"},
                    "user": {"authorization": user},
                    "user who names the other tenant": {"authorization": user, "scope": OTHER},
                    "administrator": {"authorization": bearer[Role.PROJECT_ADMIN], "scope": OTHER},
                    "forger": {"authorization": user[:-3] + "AAA"},
                    "of no scheme": {"authorization": user.removeprefix("Bearer ")},
                    "of another scheme": {"authorization": "Basic eDp5", "scope": TENANT},
                    "half": {"authorization": "Bearer", "scope": TENANT},
                    "strange": {"authorization": "Bearer \xff\xfe.é.\u00a0"},
                },
                engine,
            )
        engine.dispose()


CALLERS = ((USER, Role.REGISTERED_USER), (ADMIN, Role.PROJECT_ADMIN))
WHO = st.sampled_from(
    [
        *("nobody", "anonymous", "anonymous", "of no tenant", "user", "user", "user who names the other tenant"),
        *("administrator", "forger", "of no scheme", "of another scheme", "half", "strange"),
    ]
)


def _add_tenant(given_settings: Settings) -> None:
    import anyio

    async def add() -> None:
        container = CLIContainer(settings=given_settings)
        async with opened(container.adapters):
            await container.use_cases.add_tenant().execute(TENANT)

    anyio.run(add)


def fields(door: Door, who: str, headers: dict[str, bytes]) -> dict[str, bytes]:
    """The caller's fields after whatever else is sent."""
    return headers | {name: value.encode("latin-1") for name, value in door.callers[who].items()}


OPTIONS = st.sampled_from(["", "?acceptLicense=true", "?isContentInline=true", "?acceptLicense=%00", "?t=x"])


@usual
@given(who=WHO, urn=URNS, checksum=CHECKSUMS, headers=HEADERS, is_named=st.booleans(), query=OPTIONS)
@example(
    who="user",
    urn=urn_of(TENANT, LOCKED),
    checksum=FILES[OURS, LOCKED],
    headers={},
    is_named=False,
    query="?acceptLicense=true",
)
def test_a_file_comes_or_is_refused_without_a_trace(door, who, urn, checksum, headers, is_named, query):
    url = f"/downloads/{urn}/files/{checksum}{'/name.dat' if is_named else ''}{query}"
    sent = fields(door, who, headers)
    before = door.rows(*EVERYTHING_OF_USERS)

    head = door.ask("HEAD", url, headers=sent)
    assert door.rows(*EVERYTHING_OF_USERS) == before
    got = door.ask("GET", url, headers=sent)

    ranged = (
        {200: {200, 206, 416}}.get(head.status_code, {head.status_code}) if "range" in headers else {head.status_code}
    )
    assert got.status_code in ranged | {429}
    if got.status_code == head.status_code == 200:
        for name in ("content-length", "etag", "content-type", "content-disposition", "repr-digest"):
            assert got.headers.get(name) == head.headers.get(name)
    if got.status_code >= 300:
        assert door.rows(*LEDGER) == before[: len(LEDGER)]


FIGURES = (
    "/engines/legacy/dataobjects/search/attributes",
    "/engines/legacy/dataobjects/search/properties/bounds",
    "/engines/legacy/dataobjects/datasets/search",
)

PRODUCT_ROUTES = [
    *(("GET", f"/engines/legacy/{kind}/{{}}") for kind in ("entities", "dataobjects", "datasets", "collections")),
    ("GET", "/engines/legacy/datasets/{}/dataobjects/search"),
    ("GET", "/engines/legacy/entities/search/properties/{}/values"),
    ("GET", "/availability/files/{}"),
    ("GET", "/entities/{}/access"),
    ("GET", "/datasets/{}/license"),
    ("GET", "/downloads/{}/metalink"),
    ("GET", "/stac/collections/{}"),
    ("GET", "/stac/collections/{}/items"),
    ("GET", f"/stac/collections/{urn_of(TENANT, 'open', 'DATASET')}/items/{{}}"),
    ("GET", "/products/{}"),
    ("HEAD", "/downloads/{}/files/x"),
    ("POST", "/restore/{}"),
    ("POST", "/downloads/{}/files/x/tickets"),
    ("PUT", "/datasets/{}/license"),
    ("PUT", "/datasets/{}/license/reset"),
]


@usual
@given(where=st.sampled_from(PRODUCT_ROUTES), who=WHO, urn=URNS, headers=HEADERS)
def test_a_product_is_told_of_or_refused_without_a_trace(door, where, who, urn, headers):
    method, path = where
    before = door.rows(*EVERYTHING_OF_USERS)

    answer = door.ask(method, path.format(urn), headers=fields(door, who, headers))

    if method in {"GET", "HEAD"} or answer.status_code >= 400:
        assert door.rows(*EVERYTHING_OF_USERS) == before


@usual
@given(
    kind=st.sampled_from(["entities", "dataobjects", "datasets", "collections"]),
    who=WHO,
    query=SEARCHES,
    headers=HEADERS,
)
@example(kind="dataobjects", who="user", query={"q": "("}, headers={})
def test_a_search_is_answered_or_refused(door, kind, who, query, headers):
    query = query if "authorization" in door.callers[who] else {n: v for n, v in query.items() if n != "scope"}

    sent = fields(door, who, headers)
    answer = door.ask("GET", f"/engines/legacy/{kind}/search", params=query, headers=sent)
    for path in FIGURES:
        door.ask("GET", path, params=query, headers=sent)

    if answer.status_code == 200:
        assert answer.json().keys() >= {"content", "metadata", "links"}


@usual
@given(
    name=QUERIES | st.sampled_from(["platform", "cloud", "label"]), who=WHO, query=QUERIES, limit=st.text(max_size=3)
)
def test_values_of_a_property_are_answered_or_refused(door, name, who, query, limit):
    params = {"q": query, "partialText": query, "maxCount": limit}
    path = f"/engines/legacy/entities/search/properties/{httpx.QueryParams({'': name})}/values".replace("/=", "/")

    door.ask("GET", path, params=params, headers=fields(door, who, {}))


@usual
@given(who=WHO, query=STAC_ADDRESSES, headers=HEADERS)
def test_a_stac_search_is_answered_or_refused(door, who, query, headers):
    query = query if "authorization" in door.callers[who] else {n: v for n, v in query.items() if n != "scope"}

    answer = door.ask("GET", "/stac/search", params=query, headers=fields(door, who, headers))

    if answer.status_code == 200:
        assert answer.json()["type"] == "FeatureCollection"


@usual
@given(who=WHO, body=STAC_BODIES, headers=HEADERS)
def test_a_stac_search_by_body_is_answered_or_refused(door, who, body, headers):
    content = json.dumps(body).encode("utf-8", "surrogatepass")

    answer = door.ask("POST", "/stac/search", content=content, headers=fields(door, who, headers))

    if answer.status_code == 200:
        assert answer.json()["type"] == "FeatureCollection"


@usual
@given(path=st.sampled_from(["", "/summary", "/dataobjects/attributes"]), who=WHO, body=COMPLEX_BODIES, headers=HEADERS)
def test_several_searches_at_once_are_answered_or_refused(door, path, who, body, headers):
    content = json.dumps(body).encode("utf-8", "surrogatepass")

    door.ask("POST", f"/complex/search{path}", content=content, headers=fields(door, who, headers))


@usual
@given(
    where=st.sampled_from(
        [
            "/stac/search",
            "/entities/access",
            "/availability/files",
            "/restore",
            "/downloads/plan",
            "/downloads/metalink",
        ]
    ),
    who=WHO,
    content=st.binary(max_size=60)
    | st.sampled_from([b"[" * 100_000, b'{"a":' * 5000, b"", b"\xff", b"NaN", b'"\\ud800"']),
    headers=HEADERS,
)
def test_a_body_that_is_none_is_refused_without_a_trace(door, where, who, content, headers):
    before = door.rows(*EVERYTHING_OF_USERS)

    answer = door.ask("POST", where, content=content, headers=fields(door, who, headers))

    assert answer.status_code in {400, 401, 403, 422} or answer.status_code < 300
    assert door.rows(*EVERYTHING_OF_USERS) == before


def test_there_is_something_to_find(door):
    """What the assertions above look for is there: a charge, and what the other tenant says."""
    checksum = door.archives.words["checksum"][0]
    before = door.rows(*LEDGER)

    got = door.ask("GET", f"/downloads/{urn_of(TENANT, PLAIN)}/files/{checksum}", headers=door.callers["user"])
    theirs = door.client.get(f"/engines/legacy/entities/{urn_of(OTHER, PLAIN)}", headers={"scope": OTHER})

    assert got.status_code == 200
    assert door.rows(*LEDGER) != before
    assert door.archives.secrets[0] in theirs.text
    assert urn_of(OTHER, PLAIN) in GOOD_URNS
