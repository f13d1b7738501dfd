"""Identities that somebody else vouches for: an issuer of a tenant, and what its claims mean here."""

import re
from collections.abc import Mapping

import attrs

from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.account import AccountKey
from domain.errors import Forbidden, InvalidValue
from domain.text import is_storable

_NAME = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)")

GRANTABLE = (Role.PUBLIC, Role.REGISTERED_USER, Role.EXPLOIT, Role.ADMIN, Role.PROJECT_ADMIN)
"""What an issuer of one tenant may make of its users: nothing that reaches beyond the tenant."""


def _https(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not (value.startswith("https://") or _LOOPBACK.match(value)) or not is_storable(value):
        raise InvalidValue(f"{attribute.name} is an https URL; plain http is taken on the loopback address only.")


def _filled(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_storable(value):
        raise InvalidValue(f"{attribute.name} must be a non-empty text.")


@attrs.frozen(kw_only=True)
class IdentityIssuer:
    """Who may vouch for users of a tenant (OpenID Connect Core section 2, RFC 7517).

    ``issuer`` is the exact claim ``iss``; ``audience`` must be among ``aud``. ``keys_url`` serves the key set.
    ``role_claim`` names a claim with one text or a list; ``roles`` maps its values to roles, the strongest counts, and
    ``default_role`` is for everybody else. Claims are found by a path of names with dots: ``realm_access.roles``.
    """

    tenant: str
    name: str
    issuer: str = attrs.field(validator=_filled)
    audience: str = attrs.field(validator=_filled)
    keys_url: str = attrs.field(validator=_https)
    email_claim: str = attrs.field(default="email", validator=_filled)
    groups_claim: str = "groups"
    role_claim: str = ""
    roles: Mapping[str, Role] = attrs.field(factory=dict)
    default_role: Role = Role.REGISTERED_USER

    def __attrs_post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidValue("An issuer's name has 1 to 64 letters, digits, '-' or '_'.")
        if refused := {self.default_role, *self.roles.values()} - set(GRANTABLE):
            raise InvalidValue(f"An issuer cannot grant {min(role.name for role in refused)}.")


def caller_from(issuer: IdentityIssuer, claims: Mapping[str, object]) -> Caller:
    """Who the claims of a verified token name. The tenant is the issuer's, whatever the token says.

    Raises ``Forbidden`` when they name nobody that this service could know.
    """
    email = _at(claims, issuer.email_claim)
    if not isinstance(email, str) or not email or email == ANONYMOUS_EMAIL:
        raise Forbidden(f"The token has no usable claim {issuer.email_claim!r}.")
    if claims.get("email_verified") is False and issuer.email_claim == "email":
        raise Forbidden("The issuer has not verified this e-mail address.")
    try:
        AccountKey.of_user(issuer.tenant, email)
    except InvalidValue as error:
        raise Forbidden(str(error)) from error
    values = _texts(_at(claims, issuer.role_claim)) if issuer.role_claim else frozenset()
    granted = [issuer.roles[value] for value in values if value in issuer.roles]
    role = max(granted, key=lambda found: found.rank, default=issuer.default_role)
    groups = _texts(_at(claims, issuer.groups_claim)) if issuer.groups_claim else frozenset()
    return Caller(issuer.tenant, email, role, groups)


def _at(claims: Mapping[str, object], path: str) -> object:
    """The claim of exactly this name, or the one that the dots lead to."""
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _texts(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset({value}) if value else frozenset()
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str) and item)
    return frozenset()
