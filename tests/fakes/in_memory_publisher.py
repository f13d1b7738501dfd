"""A broker that can be down, or take offence."""

from datetime import timedelta

import attrs

from application.errors import BrokerUnavailable, MessageRefused
from application.ports.messages import MessagePublisher
from application.ports.unit_of_work import StoredEvent
from tests.fakes.fixed_clock import FixedClock


@attrs.define
class InMemoryPublisher(MessagePublisher):
    """Remembers what was published. ``unheard`` types are told to nobody; ``refused`` ids are never taken."""

    published: list[StoredEvent] = attrs.field(factory=list)
    is_down: bool = False
    lasts: int | None = None
    refused: set[int] = attrs.field(factory=set)
    unheard: frozenset[str] = frozenset({"TicketIssued"})
    clock: FixedClock | None = None
    seconds: float = 0

    async def publish(self, event: StoredEvent) -> bool:
        if event.type in self.unheard:
            return False
        if self.is_down or (self.lasts is not None and len(self.published) >= self.lasts):
            raise BrokerUnavailable("The broker does not answer.")
        if event.id in self.refused:
            raise MessageRefused("The message is too large.")
        if self.clock is not None:
            self.clock.advance(timedelta(seconds=self.seconds))
        self.published.append(event)
        return True
