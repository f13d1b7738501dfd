"""Requested restorations."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.restoration import RestorationRequest


class RestorationRepository(Protocol):
    """Requests by tenant, group and checksum."""

    @abstractmethod
    async def add(self, requests: Sequence[RestorationRequest]) -> int:
        """Record requests; one that the group has made before stays as it is. Returns how many are new."""

    @abstractmethod
    async def of_group(self, tenant: str, group_id: str) -> tuple[RestorationRequest, ...]:
        """The requests of a group, by checksum."""
