"""schemathesis calls every operation of the OpenAPI document, as everybody who may come: the document keeps its word.

``RS_DOWNLOADER_TEST_SCHEMATHESIS_EXAMPLES`` says how many requests are made up per operation and identity beyond those
that follow from the document; the few of a usual run end within a minute, 200 take much longer.
"""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from domain.access import ANONYMOUS_EMAIL, Role
from tests.contract.sql_databases import EITHER, database
from tests.e2e.real_service import TENANT, Installation, Server
from tests.e2e.test_roles_api import ROUTES
from tests.e2e.two_archives import ADMIN, OPERATOR, OTHER, USER, Archives, make_archives
from tests.e2e.two_tenants import rows_of
from tests.tools import needs_tools, tool

pytestmark = needs_tools

HOOKS = Path(__file__).with_name("schemathesis_checks.py")
VARIABLE = "RS_DOWNLOADER_TEST_SCHEMATHESIS_EXAMPLES"
IS_DEEP = VARIABLE in os.environ
EXAMPLES = int(os.environ.get(VARIABLE, "1"))
SEED = 20_261_121

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "told_nothing",
    "justified_5xx",
)
SEARCH_OF_A_KIND = re.compile(r"/engines/legacy/(dataobjects|datasets|collections)/search(/properties/[^/]+/values)?")
BRIEFLY = ("phases.coverage.enabled = false", "generation.max-examples = 1")

ROLES: dict[str, tuple[str, Role]] = {
    "anonymous": (ANONYMOUS_EMAIL, Role.PUBLIC),
    "user": (USER, Role.REGISTERED_USER),
    "project administrator": (ADMIN, Role.PROJECT_ADMIN),
    "instance administrator": (OPERATOR, Role.INSTANCE_ADMIN),
}

PARAMETERS = {
    "checksum": "checksum",
    "urn": "urn",
    "collection_id": "dataset",
    "item_id": "urn",
    "ids": "urn",
    "collections": "dataset",
    "dataset": "dataset",
    "user_email": "email",
    "email": "email",
    "storage": "storage",
    "group": "group",
    "name": "name",
    "tenant": "tenant",
    "ticket_id": "ticket_id",
    "group_id": "group_id",
    "t": "ticket",
    "property_name": "property",
    "facets": "property",
    "properties": "property",
    "sort": "sort",
    "bbox": "bbox",
    "g": "geometry",
    "datetime": "datetime",
    "after": "after",
    "q": "query",
    "Range": "range",
    "If-Range": "tag",
    "If-None-Match": "tag",
    "If-Match": "tag",
    "If-Modified-Since": "date",
    "If-Unmodified-Since": "date",
}
"""Which words stand for a parameter, so that more than "not found" comes back."""

WORDS = {
    "property": ["platform", "cloud", "datetime", "label", "tags"],
    "sort": ["label,ASC", "cloud,DESC"],
    "bbox": ["-180,-90,180,90", "1,43,2,44", "170,-10,-170,10"],
    "geometry": ["POINT(1.48 43.56)", "POLYGON((1 43,2 43,2 44,1 44,1 43))"],
    "datetime": ["2026-01-31T12:00:00Z", "2026-01-01T00:00:00Z/..", "../2026-12-31T00:00:00Z"],
    "query": ["*:*", "label:Of*", "cloud:[1 TO 5]", "platform:ours AND NOT tags:x", "platform:(", "-id:*"],
    "after": ["a", "0"],
    "range": ["bytes=0-9", "bytes=-5", "bytes=5-", "bytes=0-0,2-3", "bytes=999999-", "bytes=9-3", "lines=1"],
    "tag": ["*", '"x"', 'W/"x"', '"x", "y"', "x"],
    "date": ["Sat, 21 Nov 2099 09:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday"],
}

CHANGED_BY_REQUESTS = {
    *("tenant", "tenant_setting", "tenant_maintenance", "user_account", "account", "ticket", "licence_acceptance"),
    *("storage_location", "file", "product", "product_file", "access_group", "user_group", "access_right", "licence"),
}

UNAVAILABLE: dict[str, list[str]] = {}
"""Operations that may answer 503 here, and with which problems: nothing is overloaded, and every storage answers."""


FINDINGS = re.compile(r"^=+ (?:FAILURES|ERRORS) =+$.*?(?=^=+ (?:WARNINGS|SUMMARY) =+$|\Z)", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Outcome:
    """What a run found, and whom it asked."""

    said: str = attrs.field(repr=False)
    is_clean: bool
    counted: Mapping[str, Mapping[str, int]] = attrs.field(repr=False)

    @property
    def findings(self) -> str:
        """What is wrong, without what schemathesis says about itself; all it says where that is not found."""
        found = FINDINGS.search(self.said)
        return found[0] if found else self.said

    def summary(self, whom: str, operations: int) -> str:
        """One line."""
        statuses: Counter[str] = Counter()
        for found in self.counted.values():
            statuses.update(found)
        seen = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
        return (
            f"schemathesis as {whom} (seed {SEED}, {EXAMPLES} examples): {len(self.counted)} of {operations} "
            f"operations, {sum(statuses.values())} requests; {seen}"
        )


_, POSTGRESQL = EITHER
RUNS = [
    *(
        pytest.param("sqlite", identity, id=f"sqlite {identity}")
        for identity in ROLES
        if IS_DEEP or identity != "instance administrator"
    ),
    *(
        pytest.param("postgresql", identity, id=f"postgresql {identity}", marks=POSTGRESQL.marks)
        for identity in (ROLES if IS_DEEP else [])
    ),
]
"""A usual run has the three identities of a tenant, on SQLite, so that CI ends in time: searches and products are asked
of PostgreSQL by everybody in ``test_front_door_fuzz``, and every operation by everybody in ``test_isolation``."""


@pytest.mark.parametrize(("kind", "identity"), RUNS)
def test_every_operation_answers_as_documented_and_tells_nothing_of_another_tenant(kind, identity, tmp_path):
    with database(kind) as url:
        installation = Installation(
            tmp_path, database_url=url, local_roots=tmp_path / "{tenant}", restoration_seconds=0.2
        )
        with installation.serving() as server:
            with httpx.Client(base_url=server.url, timeout=60) as client:
                archives = make_archives(tmp_path, client, installation.token)
                document = client.get("/schema/openapi.json").json()
            before = things_of_the_other_tenant(url)
            operations = {
                operation["operationId"]: (method.upper(), path)
                for path, item in document["paths"].items()
                for method, operation in item.items()
            }
            role = ROLES[identity][1]
            briefly = [
                name
                for name, (method, path) in operations.items()
                if not IS_DEEP and is_asked_briefly(role, method, path)
            ]
            text = configuration(archives, role, briefly, headers_of(installation, identity))
            (tmp_path / "schemathesis.toml").write_text(text)
            outcome = ask_all(server, archives, role, tmp_path)
            log = server.log
        after = things_of_the_other_tenant(url)

    print(outcome.summary(f"{identity} on {kind}", len(operations)))  # noqa: T201 - read with -s or -rP
    assert outcome.is_clean, outcome.findings
    assert outcome.counted.keys() == operations.keys()
    assert "request failed" not in log
    if role is not Role.INSTANCE_ADMIN:
        assert after == before


def things_of_the_other_tenant(url: str) -> dict[str, list[tuple[object, ...]]]:
    """What only its own callers change; its restorations go on meanwhile."""
    return {name: rows for name, rows in rows_of(url, OTHER).items() if name in CHANGED_BY_REQUESTS}


def headers_of(installation: Installation, identity: str) -> dict[str, str]:
    """Who calls. Whoever has a token names the other tenant beside it, which changes nothing."""
    email, role = ROLES[identity]
    if role is Role.PUBLIC:
        return {"scope": TENANT}
    return {"Authorization": f"Bearer {installation.token(email, role)}", "scope": OTHER}


def is_asked_briefly(role: Role, method: str, path: str) -> bool:
    """Whether a usual run asks only a little: it is thorough about an operation once, as the weakest who may call it.

    Administrators of a tenant stand for the roles between them and users; GET stands for HEAD, which has the same
    handler, and the search of all kinds of products for those of one kind.
    """
    if method == "HEAD" or SEARCH_OF_A_KIND.fullmatch(path):
        return True
    needed = ROUTES.get((method, path))
    weakest = Role.PROJECT_ADMIN if needed in {Role.ADMIN, Role.EXPLOIT} else needed or Role.PUBLIC
    return role is not weakest


def ask_all(server: Server, archives: Archives, role: Role, folder: Path) -> Outcome:
    """Let schemathesis loose on all of it. Who may remove things does so last, so that the rest finds something."""
    removes_last = role.is_at_least(Role.PROJECT_ADMIN)
    turns = [["--exclude-method", "DELETE"], ["--include-method", "DELETE"]] if removes_last else [[]]
    outcomes = [_asked(server, archives, options, folder) for options in turns]
    return Outcome(
        "\n".join(outcome.findings for outcome in outcomes),
        all(outcome.is_clean for outcome in outcomes),
        {name: counted for outcome in outcomes for name, counted in outcome.counted.items()},
    )


def _asked(server: Server, archives: Archives, options: list[str], folder: Path) -> Outcome:
    report = folder / f"counted{''.join(options)}.json"
    hooks = {"secrets": archives.secrets, "unavailable": UNAVAILABLE, "report": str(report)}
    # Compiled modules are kept beside the tools: compiling them anew takes as long as a whole run.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [
            str(tool("schemathesis")),
            *("--config-file", str(folder / "schemathesis.toml")),
            *("run", "--no-color", *options, f"{server.url}/schema/openapi.json"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=3600,
        cwd=folder,
        env={**environment, "SCHEMATHESIS_HOOKS": str(HOOKS), "TOLD_NOTHING": json.dumps(hooks)},
    )
    (folder / f"said{''.join(options)}.txt").write_text(done.stdout + done.stderr)
    counted = json.loads(report.read_text()) if report.exists() else {}
    return Outcome(done.stdout + done.stderr, done.returncode == 0, counted)


def configuration(archives: Archives, role: Role, briefly: list[str], headers: Mapping[str, str]) -> str:
    """The file of schemathesis. A JSON text or list of texts is TOML too."""
    words = archives.words | WORDS
    words["name"] = [*words["storage"], *words["group"], "maxQuota", "ticketLifetime"]
    if role is Role.INSTANCE_ADMIN:
        # May remove any tenant; who calls is of the first one.
        words["tenant"] = [OTHER, "spare"]
    lines = [
        f"seed = {SEED}",
        "continue-on-failure = true",
        "workers = 1",
        "request-timeout = 30",
        *_table("headers", headers),
        *_table("phases", {}),
        "stateful.enabled = false",
        # Other methods are told apart before any operation is: one that nothing has is as good as five.
        'coverage.unexpected-methods = ["PATCH"]',
        *_table("generation", {"mode": "all", "database": "none"}),
        f"max-examples = {EXAMPLES}",
        "no-shrink = true",
        "with-security-parameters = false",
        *_table("checks", {}),
        "enabled = false",
        *(f"{check}.enabled = true" for check in CHECKS),
        'not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503", "515"]',
        *(line for name, values in words.items() for line in _table(f"dictionaries.{name}", {"values": values})),
        "[parameters]",
        *(
            f"{name} = {{ dictionary = {json.dumps(dictionary)}, probability = 0.6 }}"
            for name, dictionary in PARAMETERS.items()
        ),
    ]
    if briefly:
        lines += ["[[operations]]", f"include-operation-id = {json.dumps(briefly)}", *BRIEFLY]
    return "\n".join(lines) + "\n"


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    return [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
