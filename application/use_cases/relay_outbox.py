"""Tell the outside what happened."""

from datetime import timedelta

import attrs

from application.ports.clock import Clock
from application.ports.messages import MessagePublisher
from application.ports.unit_of_work import UnitOfWorkFactory

EVENTS_AT_ONCE = 500
"""Events between two records of what was published; so many at most are told twice after a crash."""


@attrs.frozen(kw_only=True)
class RelayResult:
    """How many events were published, and how many can never be; ``is_more``: time ran out before the events did."""

    published: int
    refused: int
    is_more: bool


@attrs.frozen(kw_only=True)
class RelayOutbox:
    """Publish the events that wait, in order.

    - At least once: an event is recorded as published only after the broker's confirmation.
    - In order, while only one relay works at a time: the caller holds a claim for longer than ``budget``.
    - An event that the broker will never take stays, with the reason, and holds nothing up.
    """

    unit_of_work: UnitOfWorkFactory
    publisher: MessagePublisher
    clock: Clock
    budget: timedelta = timedelta(seconds=20)

    async def execute(self) -> RelayResult:
        """What was done within the budget. Raises ``BrokerUnavailable`` and ``DatabaseUnavailable``."""
        deadline = self.clock.now() + self.budget
        published = refused = 0
        while self.clock.now() < deadline:
            async with self.unit_of_work() as work:
                events = await work.outbox.unpublished(EVENTS_AT_ONCE)
            if not events:
                return RelayResult(published=published, refused=refused, is_more=False)
            outcome = await self.publisher.publish(events)
            async with self.unit_of_work() as work:
                now = self.clock.now()
                await work.outbox.mark_published(outcome.done, now)
                for event_id, reason in outcome.refused.items():
                    await work.outbox.mark_refused(event_id, reason, now)
                await work.commit()
            published += outcome.told
            refused += len(outcome.refused)
            if outcome.failure is not None:
                raise outcome.failure
        return RelayResult(published=published, refused=refused, is_more=True)
