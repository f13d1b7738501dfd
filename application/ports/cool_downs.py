"""Storages that failed lately, shared by all instances."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from domain.cool_down import CoolDown


class CoolDownRepository(Protocol):
    """Cool-downs by tenant and storage, until a success ends them."""

    @abstractmethod
    async def get(self, tenant: str, storage: str) -> CoolDown | None:
        """The last cool-down of a storage, also one that is over and was not followed by a success yet."""

    @abstractmethod
    async def all(self, tenant: str) -> tuple[CoolDown, ...]:
        """Every cool-down of a tenant, by storage."""

    @abstractmethod
    async def save(self, cool_down: CoolDown) -> None:
        """Insert or replace."""

    @abstractmethod
    async def end(self, tenant: str, storage: str, *, cooling_until: datetime) -> None:
        """The storage is well: forget the cool-down, unless another one has begun since."""
