"""Which copies have not been verified for long."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from domain.file import FileLocation
from domain.scrub import ScrubState


class ScrubRepository(Protocol):
    """Copies by the time of their last verification."""

    @abstractmethod
    async def due(
        self, tenant: str, storage: str, *, verified_before: datetime, limit: int
    ) -> tuple[FileLocation, ...]:
        """The copies on a storage to verify next: never verified ones by checksum, then the others, oldest first.

        Suspects are left out, since they wait for an operator, and so are copies whose algorithm cannot be computed.
        """

    @abstractmethod
    async def states(self, tenant: str) -> tuple[ScrubState, ...]:
        """How far the copies on each storage are verified, by storage. Reads every copy's row."""
