"""Restorations: groups, what they ask for, and the one restoration of each file."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from application.ports.jobs import Backlog
from domain.restoration import Restoration, RestorationGroup, RestorationRequest, RestorationState
from domain.restoration_estimate import Queue


@attrs.frozen(kw_only=True)
class Counts:
    """How many requests of a group are in which state."""

    waiting: int = 0
    available: int = 0
    failed: int = 0
    others: int = 0


class RestorationRepository(Protocol):
    """Restorations of tenants.

    Whoever changes one calls ``lock`` first: everything about the restorations of a tenant, its groups and its cache
    happens one after another. Taking in hand (``claim``) and holding on (``renew``) need no lock.
    """

    @abstractmethod
    async def lock(self, tenant: str) -> None:
        """Be the only one who changes restorations of the tenant until this unit ends."""

    @abstractmethod
    async def save_group(self, group: RestorationGroup) -> None:
        """Insert or replace a group."""

    @abstractmethod
    async def group(self, tenant: str, group_id: str) -> RestorationGroup | None:
        """One group."""

    @abstractmethod
    async def groups(self, tenant: str, *, after: str | None, limit: int) -> tuple[RestorationGroup, ...]:
        """Groups by id."""

    @abstractmethod
    async def disown(self, tenant: str, email: str) -> int:
        """Make the groups that a user asked for nobody's; returns how many there were."""

    @abstractmethod
    async def counts(self, tenant: str, group_ids: Collection[str]) -> dict[str, Counts]:
        """The requests of groups, counted; a group without requests is left out."""

    @abstractmethod
    async def save_requests(self, requests: Sequence[RestorationRequest]) -> None:
        """Insert or replace requests."""

    @abstractmethod
    async def of_group(self, tenant: str, group_id: str) -> tuple[RestorationRequest, ...]:
        """The requests of a group, by checksum."""

    @abstractmethod
    async def live_requests(self, tenant: str, checksums: Collection[str]) -> tuple[RestorationRequest, ...]:
        """Requests for files that wait, or that were answered with a file and not given back."""

    @abstractmethod
    async def of_files(self, tenant: str, checksums: Collection[str]) -> dict[str, Restoration]:
        """The restorations of files, by checksum; after ``lock`` nobody takes them in hand meanwhile."""

    @abstractmethod
    async def save(self, restorations: Sequence[Restoration]) -> None:
        """Insert or replace restorations."""

    @abstractmethod
    async def storages_due(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """Tenants and storages with attempts that may start, those first whose oldest has waited longest."""

    @abstractmethod
    async def due(self, tenant: str, storage: str, now: datetime, limit: int) -> tuple[Restoration, ...]:
        """Attempts that may start now, in the order in which they were asked for."""

    @abstractmethod
    async def claim(
        self,
        state: RestorationState,
        holder: str,
        *,
        now: datetime,
        until: datetime,
        limit: int,
        besides: Collection[tuple[str, str]] = (),
    ) -> tuple[Restoration, ...]:
        """Take in hand what is due in this state and held by nobody alive; what is being taken is passed over.

        Nothing is taken of the storages ``besides``, each a tenant and a name.
        """

    @abstractmethod
    async def backlog(self, state: RestorationState, now: datetime) -> Backlog:
        """What is due in this state, of all tenants, and in nobody's hands."""

    @abstractmethod
    async def renew(
        self, restoration: Restoration, holder: str, *, restored_bytes: int, now: datetime, until: datetime
    ) -> bool:
        """Hold on, and record progress; ``False`` when it is not this holder's any more."""

    @abstractmethod
    async def queue(self, tenant: str, storage: str, before: datetime) -> Queue:
        """What the storage has to do for the tenant: what is started, and what was asked for earlier and waits."""

    @abstractmethod
    async def record_durations(self, restorations: Sequence[Restoration]) -> None:
        """Remember how long these took, from their start to their end."""

    @abstractmethod
    async def durations(self, tenant: str, storage: str, limit: int) -> tuple[timedelta, ...]:
        """How long the last ones of a storage took."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Delete groups with their requests, restorations and durations of all tenants that ended before."""
