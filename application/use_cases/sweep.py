"""Periodic upkeep: settle what crashed instances left, give back, and delete what nobody needs any more."""

from datetime import timedelta

import attrs

from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory

TICKETS_KEPT = timedelta(days=1)
"""How long an expired ticket stays visible to its issuer; longer than a download of it may be resumed."""

EVENTS_KEPT = timedelta(days=30)
"""Of those that somebody was told of, or that nobody ever will be; what waits for the broker is kept until then."""

MESSAGES_KEPT = timedelta(days=30)
"""How long a handled message is known again, and what messages have ended; longer than any broker keeps one."""


@attrs.frozen(kw_only=True)
class SweepResult:
    """How many transfers were settled, reservations ended, and downloads, tickets, events and message ids deleted.

    ``purged_statements``: notes of removed products, and of what was said of copies.
    """

    settled_transfers: int
    ended_reservations: int
    purged_downloads: int
    purged_tickets: int
    purged_events: int
    purged_messages: int
    purged_statements: int


@attrs.frozen
class Sweep:
    """Settle transfers whose lease has expired, end reservations, and delete downloads, tickets and events past use.

    Any number of instances may sweep at the same time. ``has_listeners``: there is a broker, so that events wait for
    it however long it is away; without one nobody will ever be told of them.
    """

    ledger: Ledger
    unit_of_work: UnitOfWorkFactory
    clock: Clock
    has_listeners: bool = False

    async def execute(self) -> SweepResult:
        """What was done. Raises ``DatabaseUnavailable``; what was done before that stays done."""
        now = self.clock.now()
        settled = await self.ledger.sweep(now)
        reservations = await self.ledger.give_back(now)
        downloads = await self.ledger.purge(now)
        async with self.unit_of_work() as work:
            tickets = await work.tickets.purge(now - TICKETS_KEPT)
            events = await work.outbox.purge(now - EVENTS_KEPT, with_waiting=not self.has_listeners)
            messages = await work.inbox.purge(now - MESSAGES_KEPT)
            statements = await work.products.purge_statements(now - MESSAGES_KEPT)
            statements += await work.files.purge_statements(now - MESSAGES_KEPT)
            await work.commit()
        return SweepResult(
            settled_transfers=settled,
            ended_reservations=reservations,
            purged_downloads=downloads,
            purged_tickets=tickets,
            purged_events=events,
            purged_messages=messages,
            purged_statements=statements,
        )
