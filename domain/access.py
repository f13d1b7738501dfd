"""Who is calling: roles, their order, and the anonymous user (contract-downloader section 10)."""

from enum import StrEnum

import attrs

from domain.errors import Forbidden, InvalidValue

ANONYMOUS_EMAIL = "public@regards.com"
"""Upstream's user for callers without a session; own limits 0/0 unless an administrator raises them."""

SYSTEM_ROLE_PREFIX = "ROLE_SYS_"


class Role(StrEnum):
    """Roles from the weakest to the strongest."""

    PUBLIC = "PUBLIC"
    REGISTERED_USER = "REGISTERED_USER"
    EXPLOIT = "EXPLOIT"
    ADMIN = "ADMIN"
    PROJECT_ADMIN = "PROJECT_ADMIN"
    INSTANCE_ADMIN = "INSTANCE_ADMIN"
    SYSTEM = "SYS"

    @property
    def rank(self) -> int:
        """Position in the order; a higher rank may do all that a lower one may."""
        return list(Role).index(self)

    def is_at_least(self, other: "Role") -> bool:
        """Whether this role may do what ``other`` may."""
        return self.rank >= other.rank

    @classmethod
    def parse(cls, text: str) -> "Role":
        """Read the ``role`` claim; every ``ROLE_SYS_<service>`` is ``SYSTEM``.

        Raises ``InvalidValue`` for a name that is no role.
        """
        if text.startswith(SYSTEM_ROLE_PREFIX) and len(text) > len(SYSTEM_ROLE_PREFIX):
            return cls.SYSTEM
        if text in cls.__members__ and text != "SYSTEM":
            return cls[text]
        raise InvalidValue(f"{text!r} is not a role.")


@attrs.frozen
class Caller:
    """An authenticated caller; ``tenant`` comes from the token and is authoritative.

    ``groups`` are access groups that the token itself states (claim ``accessGroups``), beside those on record.
    """

    tenant: str
    email: str
    role: Role
    groups: frozenset[str] = frozenset()

    @classmethod
    def anonymous(cls, tenant: str) -> "Caller":
        """The caller without a token who only named a tenant (``scope``)."""
        return cls(tenant, ANONYMOUS_EMAIL, Role.PUBLIC)


def require_own_or_administrator(caller: Caller, email: str | None) -> None:
    """Raise ``Forbidden`` unless the caller is ``email`` or at least ADMIN; ``None`` stands for everybody."""
    if email != caller.email and not caller.role.is_at_least(Role.ADMIN):
        raise Forbidden("Only ADMIN and stronger roles may look at another user's account.")


def require_instance_administrator(caller: Caller) -> None:
    """Raise ``Forbidden`` unless the caller administers the whole installation, whose tenants it crosses.

    A service (``SYSTEM``) may do more than anybody, but within the tenant of its token.
    """
    if caller.role is not Role.INSTANCE_ADMIN:
        raise Forbidden("Only INSTANCE_ADMIN may do this: it concerns the tenants of the whole installation.")


def require_own_tenant_or_instance_administrator(caller: Caller, tenant: str) -> None:
    """Raise ``Forbidden`` unless the caller's token is of this tenant, or of an administrator of the installation."""
    if tenant != caller.tenant:
        require_instance_administrator(caller)
