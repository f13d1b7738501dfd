"""Download accounts: who pays, and how far the account is used."""

import attrs

from domain.access import ANONYMOUS_EMAIL
from domain.errors import InvalidValue
from domain.limits import Limits
from domain.text import is_storable

TICKET_ACCOUNT_PREFIX = "ticket:"
"""Downloads through a ticket that names no user are kept on an account of the ticket's own, which costs no unit."""

MAXIMUM_EMAIL_LENGTH = 128
"""Upstream's column width (contract-downloader section 9)."""


@attrs.frozen
class AccountKey:
    """Whose account: a user of a tenant, by e-mail exactly as the token gives it."""

    tenant: str
    email: str

    @classmethod
    def of_user(cls, tenant: str, email: str) -> "AccountKey":
        """The account of a named user. Raises ``InvalidValue`` for a text that cannot be a user's e-mail."""
        if not is_storable(email) or len(email) > MAXIMUM_EMAIL_LENGTH or email.startswith(TICKET_ACCOUNT_PREFIX):
            raise InvalidValue(
                f"A user's e-mail has 1 to {MAXIMUM_EMAIL_LENGTH} characters and does not start with 'ticket:'."
            )
        return cls(tenant, email)

    @classmethod
    def of_ticket(cls, tenant: str, ticket_id: str) -> "AccountKey":
        """The account of a ticket that is bound to no user."""
        return cls(tenant, TICKET_ACCOUNT_PREFIX + ticket_id)

    @property
    def is_ticket(self) -> bool:
        """Whether this is a ticket's own account, which no unit is charged to."""
        return self.email.startswith(TICKET_ACCOUNT_PREFIX)


@attrs.frozen(kw_only=True)
class Account:
    """A download account: own limits (``None`` inherits the tenant's), units used, counted downloads in progress."""

    key: AccountKey
    limits: Limits | None = None
    units_used: int = 0
    active_downloads: int = 0

    def effective_limits(self, defaults: Limits) -> Limits:
        """The limits in force now. The anonymous user never inherits: 0/0 unless set (contract-downloader 3.1)."""
        if self.limits is not None:
            return self.limits
        return Limits.NOTHING if self.key.email == ANONYMOUS_EMAIL else defaults
