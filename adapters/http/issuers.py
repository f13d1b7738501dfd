"""Issuers of identities that tenants trust; the operator's affair, since the service fetches their keys."""

from typing import Annotated, Any

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from adapters.http.roles import instance_administrator
from application.use_cases.manage_issuers import ListIssuers, RemoveIssuer, SaveIssuer
from domain.access import Role
from domain.external_identity import IdentityIssuer

RoleName = Annotated[str, msgspec.Meta(pattern="^(PUBLIC|REGISTERED_USER|EXPLOIT|ADMIN|PROJECT_ADMIN)$")]


class IssuerPayload(Payload):
    """Who vouches for users of a tenant, and what the claims mean: paths of names with dots."""

    issuer: str
    audience: str
    keys_url: str
    email_claim: str
    groups_claim: str
    role_claim: str
    roles: dict[str, RoleName]
    default_role: RoleName


class NamedIssuer(IssuerPayload):
    """The same with its name."""

    name: str


class NewIssuer(Payload):
    """An issuer as it shall be."""

    issuer: str
    audience: str
    keys_url: str
    email_claim: str = "email"
    groups_claim: str = "groups"
    role_claim: str = ""
    roles: dict[str, RoleName] = msgspec.field(default_factory=dict)
    default_role: RoleName = "REGISTERED_USER"


_EXAMPLE = {
    "name": "lab",
    "issuer": "https://sso.example.org/realms/lab",
    "audience": "archive",
    "keysUrl": "https://sso.example.org/realms/lab/protocol/openid-connect/certs",
    "emailClaim": "email",
    "groupsClaim": "groups",
    "roleClaim": "realm_access.roles",
    "roles": {"archive-admin": "PROJECT_ADMIN"},
    "defaultRole": "REGISTERED_USER",
}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    options = operation(operation_id, summary, role=Role.INSTANCE_ADMIN, tag="authentication", **more)
    return {**options, "opt": instance_administrator()}


def _shown(issuer: IdentityIssuer) -> NamedIssuer:
    return NamedIssuer(
        name=issuer.name,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys_url=issuer.keys_url,
        email_claim=issuer.email_claim,
        groups_claim=issuer.groups_claim,
        role_claim=issuer.role_claim,
        roles={value: role.name for value, role in issuer.roles.items()},
        default_role=issuer.default_role.name,
    )


@get(
    "/tenants/{tenant:str}/issuers",
    **_operation("retrieveIssuers", "List issuers", answer=list[NamedIssuer], example=[_EXAMPLE]),
)
async def list_all_issuers(
    tenant: FromPath[str], list_issuers: NamedDependency[SkipValidation[ListIssuers]]
) -> list[NamedIssuer]:
    """By name."""
    return [_shown(issuer) for issuer in await list_issuers.execute(tenant)]


@put(
    "/tenants/{tenant:str}/issuers/{name:str}",
    **_operation("saveIssuer", "Trust an issuer", answer=NamedIssuer, example=_EXAMPLE, problems=(404, 409, 422)),
)
async def save_one_issuer(
    tenant: FromPath[str],
    name: FromPath[str],
    data: JSONBody[NewIssuer],
    save_issuer: NamedDependency[SkipValidation[SaveIssuer]],
) -> NamedIssuer:
    """Its tokens are taken as bearer tokens within half a minute; whatever they say, they are of this tenant."""
    issuer = IdentityIssuer(
        tenant=tenant,
        name=name,
        issuer=data.issuer,
        audience=data.audience,
        keys_url=data.keys_url,
        email_claim=data.email_claim,
        groups_claim=data.groups_claim,
        role_claim=data.role_claim,
        roles={value: Role[role] for value, role in data.roles.items()},
        default_role=Role[data.default_role],
    )
    await save_issuer.execute(issuer)
    return _shown(issuer)


@delete(
    "/tenants/{tenant:str}/issuers/{name:str}",
    **_operation("removeIssuer", "Trust an issuer no more", status=204, problems=(404,)),
)
async def remove_one_issuer(
    tenant: FromPath[str], name: FromPath[str], remove_issuer: NamedDependency[SkipValidation[RemoveIssuer]]
) -> None:
    """Every instance has heard of it after half a minute."""
    await remove_issuer.execute(tenant, name)


route_handlers = (list_all_issuers, save_one_issuer, remove_one_issuer)
