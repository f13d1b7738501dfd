"""Which messages were handled, so that a redelivery does nothing twice."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Inbox(Protocol):
    """Message ids, recorded in the transaction that makes their effect true."""

    @abstractmethod
    async def knows(self, tenant: str, message_id: str) -> bool:
        """Whether the message was handled."""

    @abstractmethod
    async def add(self, tenant: str, message_id: str, now: datetime) -> bool:
        """Record that it is handled; ``False`` when it was before. A concurrent second waits for the first."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Delete what was handled before; returns how many."""
