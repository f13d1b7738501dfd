"""What one tenant has can neither be seen nor changed by callers of another, by any operation of the document."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, note, settings
from litestar.testing import TestClient

from domain.access import Caller, Role
from entrypoints.containers import CLIContainer
from entrypoints.http import container_for, create_from
from entrypoints.settings import Settings
from tests.contract.sql_databases import EITHER, database
from tests.e2e.service import Service
from tests.e2e.two_tenants import (
    CHECKSUMS,
    EMAIL,
    MARKER,
    NUMBER,
    ONLY_THEIR_EMAIL,
    OURS,
    STORAGES,
    THEIRS,
    TICKETS,
    TOKENS,
    TRANSFERS,
    populate,
    rows_of,
)

DOCUMENT = Service().app().openapi_schema.to_schema()
OPERATIONS = {
    operation["operationId"]: (verb, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for verb, operation in item.items()
    if verb in {"get", "head", "put", "post", "delete", "patch"}
}
ABOUT_THE_INSTALLATION = {"tenants"}
"""Operations with these tags cross tenants for INSTANCE_ADMIN, and for nobody else: their description says so."""

NAMES = {
    "checksum": CHECKSUMS,
    "storage": STORAGES,
    "user_email": (EMAIL, ONLY_THEIR_EMAIL),
    "ticket_id": TICKETS,
    "transfer_id": tuple(TRANSFERS.values()),
    "tenant": (THEIRS,),
    "name": (*STORAGES, "maxQuota", THEIRS),
}
TEXTS = tuple(sorted({text for texts in NAMES.values() for text in texts} | {TOKENS[THEIRS], "Local", "RAWDATA"}))


@pytest.fixture(scope="module", params=EITHER)
def world(request, tmp_path_factory):
    """A served database with both tenants, and a token of ours for every role, and one of theirs."""
    folder: Path = tmp_path_factory.mktemp("isolation")
    with database(request.param) as url:
        given_settings = Settings.from_environ(
            {
                "RS_DOWNLOADER_DATA_DIR": str(folder / "data"),
                "RS_DOWNLOADER_DATABASE_URL": url,
                "RS_DOWNLOADER_LEASE_SECONDS": "3600",
                "RS_DOWNLOADER_SLOT_WAIT_SECONDS": "0",
            }
        )
        asyncio.run(populate(CLIContainer(settings=given_settings), folder))
        container = container_for(given_settings)
        tokens = {
            role: container.adapters.tokens().issue(Caller(OURS, EMAIL, role), given_settings.ticket_resume_cap)
            for role in Role
        }
        their_own = Caller(THEIRS, EMAIL, Role.PROJECT_ADMIN)
        tokens[THEIRS] = container.adapters.tokens().issue(their_own, given_settings.ticket_resume_cap)
        with TestClient(create_from(container), base_url="http://testserver.local") as client:
            yield client, tokens, url


def values(schema):
    """Values that a schema describes, with names of both tenants wherever a text may be."""
    if "$ref" in schema:
        return st.deferred(lambda: values(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return st.one_of([values(each) for each in schema[several]])
    match schema.get("type"):
        case "integer" | "number":
            return st.integers(-1, 5)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(values(schema.get("items", {})), max_size=2)
        case "object":
            fields = {name: values(each) for name, each in schema.get("properties", {}).items()}
            needed = set(schema.get("required", ()))
            return st.fixed_dictionaries(
                {name: each for name, each in fields.items() if name in needed},
                optional={name: each for name, each in fields.items() if name not in needed},
            )
    return st.sampled_from(TEXTS) | st.none() | st.integers(-1, 5)


@st.composite
def requests(draw, operation_id):
    """A request to one operation, with whatever a caller could know of the other tenant."""
    verb, path, operation = OPERATIONS[operation_id]
    query = {"scope": THEIRS} if draw(st.booleans()) else {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(draw(st.sampled_from(NAMES.get(name, TEXTS))), safe=""))
        elif parameter["in"] == "query" and (parameter.get("required") or draw(st.booleans())):
            names = NAMES.get(name, (*TEXTS, TOKENS[OURS]) if name == "t" else TEXTS)
            query[name] = draw(st.sampled_from(names) | values(parameter.get("schema", {})))
    content = operation.get("requestBody", {}).get("content", {})
    body = draw(values(next(iter(content.values()))["schema"])) if content else None
    roles = [role for role in Role if role is not Role.INSTANCE_ADMIN or not _crosses(operation)]
    role = draw(st.sampled_from([None, *roles]))
    return role, verb, path, query, body


def _crosses(operation):
    return bool(ABOUT_THE_INSTALLATION & set(operation.get("tags", ())))


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_nothing_of_another_tenant_is_seen_or_changed(world, operation_id):
    client, tokens, url = world
    before = rows_of(url, THEIRS)

    @settings(
        max_examples=2 if url.startswith("postgresql") else 10, suppress_health_check=list(HealthCheck), deadline=None
    )
    @given(request=requests(operation_id), scope_header=st.booleans())
    def attack(request, scope_header):
        role, verb, path, query, body = request
        # Without a token the tenant is the one that is named: naming the other one would be no attack.
        headers = {"scope": OURS} if role is None else {"authorization": f"Bearer {tokens[role]}"}
        if role is not None and scope_header:
            headers["scope"] = THEIRS
        note(f"{role} {verb} {path} {query} {body}")

        options = {} if body is None else {"json": body}
        answer = client.request(verb.upper(), path, params=query, headers=headers, **options)

        note(f"{answer.status_code} {answer.text[:300]}")
        assert answer.status_code != 500
        told = f"{answer.headers} {answer.text}"
        assert MARKER not in told
        assert str(NUMBER) not in told
        assert rows_of(url, THEIRS) == before

    attack()


def test_the_other_tenant_is_there_to_be_seen(world):
    client, tokens, url = world
    rows = rows_of(url, THEIRS)

    assert MARKER in str(rows)
    assert str(NUMBER) in str(rows)
    assert {name for name, found in rows.items() if found} >= {
        "tenant", "tenant_setting", "storage_location", "file", "file_location", "account", "download", "transfer",
        "ticket", "tenant_maintenance",
    }  # fmt: skip
    own = client.get("/quota", headers={"authorization": f"Bearer {tokens[THEIRS]}"})
    assert str(NUMBER) in own.text
