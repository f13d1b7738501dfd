"""Take note of what other services say of the tenant's licence (contract-catalog section 2.6)."""

from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.account import AccountKey
from domain.licence import accept_elsewhere, is_about_present_edition


@attrs.frozen(kw_only=True)
class HearAcceptanceRequest:
    """Which user accepted which text elsewhere; ``said_at`` is ``None`` where the message does not say when."""

    tenant: str
    email: str
    link: str
    said_at: datetime | None


@attrs.frozen
class HearAcceptance:
    """Record that a user has accepted the tenant's licence in another service.

    - Where no licence is in force there is nothing to accept.
    - An acceptance that is older than the text or edition in force is of an earlier one, and counts for nothing.
    - Nobody is told: whoever listens has heard it, too.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, request: HearAcceptanceRequest) -> bool:
        """``False`` when it counts for nothing. Raises ``InvalidValue`` for another text, ``DatabaseUnavailable``."""
        AccountKey.of_user(request.tenant, request.email)
        said_at = request.said_at or self.clock.now()
        async with self.unit_of_work() as work:
            licence = await work.licences.get(request.tenant, None)
            began_at = await work.licences.began_at(request.tenant, None)
            counts = licence is not None and is_about_present_edition(said_at, began_at)
            if licence is not None and counts:
                await work.licences.accept(accept_elsewhere(licence, request.email, request.link, said_at))
            await work.commit()
        return counts


@attrs.frozen
class HearReset:
    """Ask everybody anew, because another service does.

    - A reset that is older than the text or edition in force is over already.
    - Nobody is told: whoever listens has heard it, too.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def execute(self, tenant: str, said_at: datetime | None) -> bool:
        """``False`` when it changes nothing. Raises ``DatabaseUnavailable``."""
        now = self.clock.now()
        # Not in the future: whatever is accepted until then would count for nothing.
        began_at = now if said_at is None else min(said_at, now)
        async with self.unit_of_work() as work:
            before = await work.licences.began_at(tenant, None)
            counts = is_about_present_edition(began_at, before)
            if counts:
                counts = await work.licences.reset(tenant, None, began_at) is not None
            await work.commit()
        return counts
