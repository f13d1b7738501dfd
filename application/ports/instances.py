"""The server processes that share one database."""

from abc import abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs


class InstanceState(StrEnum):
    """Whether an instance takes downloads, or only ends those that it has."""

    RUNNING = "RUNNING"
    DRAINING = "DRAINING"


@attrs.frozen(kw_only=True)
class Instance:
    """One server process, as it last said of itself."""

    id: str
    host: str
    version: str
    started_at: datetime
    last_seen_at: datetime
    state: InstanceState


class InstanceRepository(Protocol):
    """Instances by id; they belong to no tenant."""

    @abstractmethod
    async def save(self, instance: Instance) -> None:
        """Insert or replace, in one statement."""

    @abstractmethod
    async def remove(self, instance_id: str) -> None:
        """Forget one that has ended."""

    @abstractmethod
    async def all(self) -> tuple[Instance, ...]:
        """Every one that has not ended, by start."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Forget those that were last seen before; returns how many."""
