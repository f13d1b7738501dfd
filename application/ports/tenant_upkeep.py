"""What an operator does with whole tenants: maintenance, and removal with everything they have."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Maintenance:
    """Whether a tenant's data may be changed by its users, and since when that is so."""

    tenant: str
    active: bool
    changed_at: datetime


@attrs.frozen(kw_only=True)
class Removal:
    """A tenant that is served no more, and of which rows may be left."""

    tenant: str
    removed_at: datetime


class TenantUpkeep(Protocol):
    """Tenants as a whole, inside a unit of work."""

    @abstractmethod
    async def maintenance(self) -> tuple[Maintenance, ...]:
        """Every tenant whose mode was ever changed, by name."""

    @abstractmethod
    async def set_maintenance(self, tenant: str, *, active: bool, now: datetime) -> None:
        """Change the mode of a tenant."""

    @abstractmethod
    async def remove(self, tenant: str, now: datetime) -> bool:
        """Serve a tenant no more, and note that its rows are to go; ``False`` when it was not served."""

    @abstractmethod
    async def removals(self) -> tuple[Removal, ...]:
        """Removed tenants whose rows may not all be gone."""

    @abstractmethod
    async def wipe(self, tenant: str, limit: int) -> int:
        """Delete at most ``limit`` rows of a tenant, of whatever kind; returns how many."""

    @abstractmethod
    async def end_removal(self, tenant: str) -> None:
        """Nothing of the tenant is left, and nothing can come any more."""
