"""The OpenAPI document at ``/schema``, in JSON and YAML, and a page that needs nothing from elsewhere."""

from collections.abc import Collection
from importlib.resources import files
from typing import Any, ClassVar

import msgspec
from litestar import MediaType, Request, Router
from litestar.enums import OpenAPIMediaType
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, License, Reference, SecurityScheme

from adapters.http.common_answers import METHODS, RETRY_AFTER, add_common_answers
from adapters.http.documentation import Problem
from adapters.http.download_docs import CONDITIONS
from adapters.http.errors import PROBLEM_JSON
from adapters.http.oauth import CREDENTIALS, REFUSED_LOGIN, Credentials, LoginRefused
from adapters.http.payloads import Payload
from adapters.http.quota_payloads import Emails
from adapters.http.roles import changing_operations, everybody
from adapters.http.settings import NewSetting

SCHEMA_PATH = "/schema"

DESCRIPTION = """\
The gate through which an archive's files leave: exact quotas, tickets, resumable and verifiable downloads.

Errors are problem details (RFC 9457) that also carry `messages`; `type` leads to a page that says what to do.
Call with a bearer token, or as the public user of the tenant named by the header or query parameter `scope`.
"""

_HEADERS: dict[str, dict[str, Any]] = {
    "401": {"WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}}},
    "429": {
        **RETRY_AFTER,
        "RateLimit": {"description": "What is left now.", "schema": {"type": "string"}, "example": '"rate";r=0;t=12'},
        "RateLimit-Policy": {
            "description": "The limit.",
            "schema": {"type": "string"},
            "example": '"rate";q=3;qu="concurrent-requests"',
        },
    },
    "503": RETRY_AFTER,
}
_CREATED = {"Location": {"description": "Where the new thing is.", "schema": {"type": "string"}}}
_CREATING = {"issueTicket", "configureStorage", "requestRestoration"}
_BODIES: dict[str, Any] = {"getCurrentQuotasList": Emails}
"""Bodies that are no object, and so have no component of their own."""

_REQUEST_BODIES: dict[str, Any] = {"getToken": CREDENTIALS}
"""Of operations that read their body themselves."""
_REFUSALS: dict[str, Any] = {
    "getToken": {"400": REFUSED_LOGIN},
    "upsertQuotaLimits": {"400": {"description": "Problem details; empty when address and body name different users."}},
}
"""Answers that one operation gives in its own way, by status."""
_ALWAYS_NAMED: list[type] = [Problem, Credentials, LoginRefused]
"""Types that the document refers to beyond what Litestar has found."""


def openapi_config(version: str) -> OpenAPIConfig:
    """How the document is made and served."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
        "scopeHeader": SecurityScheme(type="apiKey", security_scheme_in="header", name="scope"),
        "scopeParameter": SecurityScheme(type="apiKey", security_scheme_in="query", name="scope"),
    }
    return OpenAPIConfig(
        title="rs-downloader",
        version=version,
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes=schemes),
        security=[{name: []} for name in schemes],
        use_handler_docstrings=True,
        openapi_router=Router(SCHEMA_PATH, route_handlers=[], include_in_schema=False, opt=everybody()),
        render_plugins=[_Page(path="/"), _Json(path="/openapi.json"), _Yaml(path=["/openapi.yaml", "/openapi.yml"])],
    )


def completed(document: dict[str, Any], changing: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Litestar's document with what it leaves out or gets wrong.

    It writes its own body for every 400 (ours are problem details), knows no header of an error answer, and drops
    bounds, descriptions and closed objects of payloads, which msgspec writes in full. ``changing`` names, by path and
    method, what stops in maintenance.
    """
    document = msgspec.json.decode(msgspec.json.encode(document))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_payload_schemas(document))
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in METHODS:
                _complete(operation)
    add_common_answers(document, changing)
    return document


def _complete(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    if name in _BODIES:
        operation["requestBody"]["content"]["application/json"]["schema"] = msgspec.json.schema(_BODIES[name])
    if name in _REQUEST_BODIES:
        operation["requestBody"] = _REQUEST_BODIES[name]
    for status, response in operation["responses"].items():
        if status == "400" and PROBLEM_JSON not in response.get("content", {}):
            response["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if status in _HEADERS:
            response.setdefault("headers", {}).update(_HEADERS[status])
        if status in {"201", "202"} and name in _CREATING:
            response.setdefault("headers", {}).update(_CREATED)
        if status == "204":
            response.pop("content", None)
    operation["responses"].update(_REFUSALS.get(name, {}))
    if "206" in operation["responses"]:
        operation.setdefault("parameters", []).extend(CONDITIONS)


def _payload_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """Schemas of all our payloads that the document refers to, directly or through one another."""
    types = [*_subclasses(Payload), NewSetting, *_ALWAYS_NAMED]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    known = document["components"]["schemas"].keys() | {type_.__name__ for type_ in _ALWAYS_NAMED}
    return {name: schema for name, schema in components.items() if name in known or _is_inner(name, components)}


def _is_inner(name: str, components: dict[str, Any]) -> bool:
    reference = f'"#/components/schemas/{name}"'.encode()
    return any(reference in msgspec.json.encode(schema) for other, schema in components.items() if other != name)


def _subclasses(base: type) -> list[type]:
    children: list[type] = base.__subclasses__()
    return [found for child in children for found in (child, *_subclasses(child))]


class _Completed(OpenAPIRenderPlugin):
    """A rendering of the completed document, made once."""

    _document: dict[str, Any] | None = None

    def document(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> dict[str, Any]:
        if self._document is None:
            self._document = completed(openapi_schema, changing_operations(request.app))
        return self._document


class _Json(_Completed):
    def __init__(self, *, path: str) -> None:
        super().__init__(path=path, media_type=OpenAPIMediaType.OPENAPI_JSON)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return msgspec.json.encode(self.document(request, openapi_schema))


class _Yaml(_Completed):
    def __init__(self, *, path: list[str]) -> None:
        super().__init__(path=path, media_type=OpenAPIMediaType.OPENAPI_YAML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return YamlRenderPlugin().render(request, self.document(request, openapi_schema))


class _Page(OpenAPIRenderPlugin):
    """Lists the operations and sends requests; scripts and styles are in the page itself."""

    _html: ClassVar[bytes] = files("adapters.http").joinpath("schema_page.html").read_bytes()

    def __init__(self, *, path: str) -> None:
        super().__init__(path=path, media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        del request, openapi_schema
        return self._html
