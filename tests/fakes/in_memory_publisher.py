"""A broker that can be down, or take offence."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from application.errors import BrokerUnavailable
from application.ports.messages import MessagePublisher, Published
from application.ports.unit_of_work import StoredEvent
from tests.fakes.fixed_clock import FixedClock


@attrs.define
class InMemoryPublisher(MessagePublisher):
    """Remembers what was published.

    ``lasts``: so many messages are taken before it goes down. ``refused`` ids are never taken, ``unheard`` types are
    told to nobody. With a ``clock``, each call takes ``seconds``.
    """

    published: list[StoredEvent] = attrs.field(factory=list)
    lasts: int | None = None
    refused: set[int] = attrs.field(factory=set)
    unheard: frozenset[str] = frozenset({"TicketIssued"})
    clock: FixedClock | None = None
    seconds: float = 0

    async def publish(self, events: Sequence[StoredEvent]) -> Published:
        if self.clock is not None:
            self.clock.advance(timedelta(seconds=self.seconds))
        done: list[int] = []
        told = 0
        refused: dict[int, str] = {}
        failure = None
        for event in events:
            if event.id in self.refused:
                refused[event.id] = "The message is too large."
                continue
            if event.type not in self.unheard:
                if self.lasts is not None and len(self.published) >= self.lasts:
                    failure = BrokerUnavailable("The broker does not answer.")
                    break
                self.published.append(event)
                told += 1
            done.append(event.id)
        return Published(done=tuple(done), told=told, refused=refused, failure=failure)
