"""Logging in: a name and a password for a session token (contract-catalog section 6.1, RFC 6749 section 4.3)."""

import base64
import binascii
import hmac
import math
from typing import Annotated, Any
from urllib.parse import parse_qs

import attrs
import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter, SkipValidation

from adapters.http.answering import AnswerResponse
from adapters.http.authentication import KnownTenants
from adapters.http.client_addresses import ClientAddresses
from adapters.http.common_answers import RETRY_AFTER
from adapters.http.documentation import NO_CALLER, Problem, operation
from adapters.http.errors import PROBLEM_JSON, Answer, asks_for_problem, problem
from adapters.http.problems import LOGIN_REFUSED, UNAUTHENTICATED
from adapters.http.roles import everybody
from application.use_cases.log_in import LoggedIn, LogIn, LogInRefusal, LogInRefused, LogInRequest
from domain.access import Role

LARGEST_BODY_BYTES = 16 * 1024

_SENTENCES = {
    LogInRefusal.UNKNOWN: "There is no such user with this password.",
    LogInRefusal.LOCKED: "Too many wrong passwords: wait before the next attempt.",
    LogInRefusal.INACTIVE: "The account is switched off; ask an administrator.",
}


class Credentials(msgspec.Struct):
    """A name and a password; ``grant_type`` is ``password``. ``scope`` names the tenant, as the query does."""

    username: str
    password: str
    scope: str | None = None
    grant_type: str = "password"


class SessionToken(msgspec.Struct, omit_defaults=True):
    """A token and whom it is for. ``scope`` is the tenant, ``sub`` and ``email`` the user."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    tenant: str
    role: str
    sub: str
    email: str


class AdditionalInformation(msgspec.Struct, frozen=True):
    """Upstream's reason."""

    error: str


class LoginRefused(Problem, frozen=True):
    """Problem details that carry the members of RFC 6749 section 5.2 and upstream's."""

    error: str
    error_description: str
    additional_information: AdditionalInformation = msgspec.field(name="additionalInformation")


def _as(type_: type, *media_types: str) -> dict[str, Any]:
    """``content`` of the OpenAPI document."""
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{type_.__name__}"}} for media_type in media_types}


CREDENTIALS = {"required": True, "content": _as(Credentials, "application/json", "application/x-www-form-urlencoded")}
"""What the OpenAPI document says of the body, which is read here and not by the framework."""
REFUSED_LOGIN = {
    "description": "The body cannot be read, or the user is refused: `additionalInformation.error` says why.",
    "headers": RETRY_AFTER,
    "content": {**_as(LoginRefused, "application/json"), **_as(Problem, PROBLEM_JSON)},
}
"""What it says of 400."""


@attrs.frozen
class OAuthClient:
    """Name and secret that programs must show before anybody logs in through them; empty asks for none."""

    credentials: str = attrs.field(default="", repr=False)

    def admits(self, authorization: str | None) -> bool:
        """Whether HTTP Basic names the client (RFC 7617)."""
        if not self.credentials:
            return True
        scheme, _, encoded = (authorization or "").partition(" ")
        try:
            shown = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(shown, self.credentials.encode())


_OPTIONS = operation(
    "getToken",
    "Log in",
    role=Role.PUBLIC,
    tag="authentication",
    answer=SessionToken,
    example={
        "access_token": "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9...",
        "token_type": "bearer",
        "expires_in": 3600,
        "scope": "demo",
        "tenant": "demo",
        "role": "REGISTERED_USER",
        "sub": "alice@example.org",
        "email": "alice@example.org",
    },
)


@post("/oauth/token", **{**_OPTIONS, "opt": everybody()}, security=NO_CALLER)
async def get_token(
    request: Request[Any, Any, Any],
    log_in: NamedDependency[SkipValidation[LogIn]],
    oauth_client: NamedDependency[SkipValidation[OAuthClient]],
    known_tenants: NamedDependency[SkipValidation[KnownTenants]],
    client_addresses: NamedDependency[SkipValidation[ClientAddresses]],
    tenant: Annotated[
        str | None, QueryParameter(name="scope", description="The tenant; the body may name it too.")
    ] = None,
) -> Response[Any]:
    """`username` and `password` come in the body, as JSON or as a form: never in the address, which ends up in logs.

    Where the operator has set a client name and secret, they are wanted as HTTP Basic. A refused user gets 400 with
    upstream's reason in `additionalInformation.error`; an unknown name and a wrong password are one reason.
    """
    if not oauth_client.admits(request.headers.get("authorization")):
        answer = problem(UNAUTHENTICATED, "This service wants the name and secret of the client as HTTP Basic.")
        headers = [(name, value) for name, value in answer.headers if name != "www-authenticate"]
        return AnswerResponse(
            Answer(answer.status, [*headers, ("www-authenticate", 'Basic realm="rs-downloader"')], answer.body)
        )
    given = await _credentials(request)
    tenant = tenant or request.headers.get("scope") or given.scope
    if not tenant:
        raise ValidationException(detail="Name the tenant: the query parameter 'scope', or 'scope' in the body.")
    if not await known_tenants.serves(tenant):
        return _refused(LogInRefused(reason=LogInRefusal.UNKNOWN), request.headers.get("accept", ""))
    peer = request.client.host if request.client else ""
    address = client_addresses.of(peer, request.headers.getall("x-forwarded-for", []))
    result = await log_in.execute(
        LogInRequest(tenant=tenant, email=given.username, password=given.password, address=address)
    )
    if isinstance(result, LogInRefused):
        return _refused(result, request.headers.get("accept", ""))
    return Response(_token(result), headers={"cache-control": "no-store", "pragma": "no-cache"})


async def _credentials(request: Request[Any, Any, Any]) -> Credentials:
    if {"username", "password"} & request.query_params.keys():
        raise ValidationException(detail="Send username and password in the body: an address ends up in logs.")
    body = await request.body()
    if len(body) > LARGEST_BODY_BYTES:
        raise ValidationException(detail="The body is too long for a name and a password.")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given: Any = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    else:
        try:
            given = msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise ValidationException(detail="The body is no JSON object and no form.") from error
    try:
        credentials = msgspec.convert(given, Credentials)
    except msgspec.ValidationError as error:
        raise ValidationException(detail=str(error)) from error
    if credentials.grant_type != "password":
        raise ValidationException(detail="Only the grant_type 'password' is known here.")
    return credentials


def _token(session: LoggedIn) -> SessionToken:
    user = session.user
    return SessionToken(
        access_token=session.token,
        token_type="bearer",  # noqa: S106 - the name of the scheme
        expires_in=int(session.lifetime.total_seconds()),
        scope=user.tenant,
        tenant=user.tenant,
        role=user.role.name,
        sub=user.email,
        email=user.email,
    )


def _refused(refusal: LogInRefused, accept: str) -> AnswerResponse:
    sentence = _SENTENCES[refusal.reason]
    waits = refusal.retry_after
    headers = [] if waits is None else [("retry-after", str(math.ceil(waits.total_seconds())))]
    upstream = {
        "error": "invalid_grant",
        "error_description": sentence,
        "additionalInformation": {"error": refusal.reason.value},
    }
    answer = problem(LOGIN_REFUSED, sentence, headers=headers, extra=upstream)
    if not asks_for_problem(accept):
        kept = [(name, "application/json" if value == PROBLEM_JSON else value) for name, value in answer.headers]
        answer = Answer(answer.status, kept, answer.body)
    return AnswerResponse(answer)


route_handlers = (get_token,)
