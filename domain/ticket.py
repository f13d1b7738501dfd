"""Download tickets: short-lived, revocable permissions to fetch one file without a session (DESIGN section 6)."""

from datetime import datetime, timedelta
from enum import IntEnum

import attrs

from domain.access import Caller, Role
from domain.account import AccountKey
from domain.errors import InvalidValue
from domain.urn import Urn

RESUME_FACTOR = 3
"""A started download may be resumed after expiry for this many times the time that the rest should take."""

LONGEST_LIFETIME = timedelta(days=3650)


class TicketState(IntEnum):
    """States only move forward, in this order."""

    ISSUED = 0
    EXHAUSTED = 1
    EXPIRED = 2
    REVOKED = 3


@attrs.frozen(kw_only=True)
class ProductTicket:
    """A ticket to a file as part of a product: what its issuer may have decides at every use, not only when issued.

    ``role`` and ``groups`` are what the issuer's own token said; rights and licences are read anew.
    """

    urn: Urn
    role: Role
    groups: frozenset[str] = frozenset()

    def holder(self, tenant: str, email: str) -> Caller:
        """The issuer, as a caller."""
        return Caller(tenant, email, self.role, self.groups)


@attrs.frozen(kw_only=True)
class Ticket:
    """A ticket for one file. Only the SHA-256 of its token is kept.

    ``uses`` counts downloads that hold a use now or kept it; ``spent`` those that delivered bytes and so keep it.
    ``max_uses`` ``None`` is any number. ``email`` names the user whose quota is charged; ``None`` charges nobody.
    """

    id: str
    tenant: str
    checksum: str
    token_sha256: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    email: str | None = None
    max_uses: int | None = None
    uses: int = 0
    spent: int = 0
    revoked_at: datetime | None = None
    product: ProductTicket | None = None

    def __attrs_post_init__(self) -> None:
        if self.max_uses is not None and self.max_uses < 1:
            raise InvalidValue("A ticket allows at least one download.")
        if not timedelta(0) < self.expires_at - self.issued_at <= LONGEST_LIFETIME:
            raise InvalidValue("A ticket expires after it was issued, and within ten years.")

    @property
    def account(self) -> AccountKey:
        """The account that downloads through this ticket belong to."""
        if self.email is None:
            return AccountKey.of_ticket(self.tenant, self.id)
        return AccountKey.of_user(self.tenant, self.email)

    @property
    def is_revoked(self) -> bool:
        """Whether its issuer took it back: it opens and resumes nothing any more."""
        return self.revoked_at is not None

    def state(self, now: datetime) -> TicketState:
        """Where in its life the ticket is."""
        if self.is_revoked:
            return TicketState.REVOKED
        if now >= self.expires_at:
            return TicketState.EXPIRED
        if self.max_uses is not None and self.spent >= self.max_uses:
            return TicketState.EXHAUSTED
        return TicketState.ISSUED

    def may_open(self, now: datetime) -> bool:
        """Whether a new download may start: valid now, and a use is free."""
        is_free = self.max_uses is None or self.uses < self.max_uses
        return not self.is_revoked and now < self.expires_at and is_free

    def may_resume(self, time_left: timedelta, *, cap: timedelta, now: datetime) -> bool:
        """Whether a download that this ticket opened may go on: until expiry, and then for a bounded time."""
        return not self.is_revoked and now < self.expires_at + min(cap, RESUME_FACTOR * time_left)

    def with_use_taken(self) -> "Ticket":
        """After a download has opened."""
        return attrs.evolve(self, uses=self.uses + 1)

    def with_use_given_back(self) -> "Ticket":
        """After a download that delivered nothing was given back."""
        return attrs.evolve(self, uses=self.uses - 1)

    def with_use_spent(self) -> "Ticket":
        """After a download that this ticket opened has delivered its first bytes."""
        return attrs.evolve(self, spent=self.spent + 1)

    def revoked(self, now: datetime) -> "Ticket":
        """Taken back; once revoked, the first time stands."""
        return self if self.is_revoked else attrs.evolve(self, revoked_at=now)
