"""Tell the outside what happened."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from application.errors import BrokerUnavailable, MessageRefused
from application.ports.clock import Clock
from application.ports.messages import MessagePublisher
from application.ports.unit_of_work import StoredEvent, UnitOfWorkFactory

EVENTS_AT_ONCE = 100
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
            part = await self._publish(events, deadline)
            async with self.unit_of_work() as work:
                now = self.clock.now()
                await work.outbox.mark_published(part.done, now)
                for event_id, reason in part.refused.items():
                    await work.outbox.mark_refused(event_id, reason, now)
                await work.commit()
            published += part.published
            refused += len(part.refused)
            if part.failure is not None:
                raise part.failure
        return RelayResult(published=published, refused=refused, is_more=True)

    async def _publish(self, events: Sequence[StoredEvent], deadline: datetime) -> "_Part":
        part = _Part()
        for event in events:
            if self.clock.now() >= deadline:
                break
            try:
                part.published += await self.publisher.publish(event)
            except MessageRefused as error:
                part.refused[event.id] = str(error)
            except BrokerUnavailable as error:
                part.failure = error
                break
            else:
                part.done.append(event.id)
        return part


@attrs.define
class _Part:
    """What became of some events."""

    done: list[int] = attrs.field(factory=list)
    refused: dict[int, str] = attrs.field(factory=dict)
    published: int = 0
    failure: BrokerUnavailable | None = None
