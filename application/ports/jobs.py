"""Periodic jobs: who does them, and how they went."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Backlog:
    """What waits for a job: how much, and since when the oldest."""

    count: int
    oldest_at: datetime | None


@attrs.frozen(kw_only=True)
class JobRun:
    """A job as it stands. ``holder`` does it now, or did it last, until ``lease_until``."""

    name: str
    interval: timedelta
    holder: str | None = None
    lease_until: datetime | None = None
    last_run_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    backlog: Backlog | None = None

    def lag(self, now: datetime) -> timedelta:
        """How late the job is: the age of the oldest thing that waits for it, or the time since a run was due."""
        if self.backlog is not None:
            return timedelta(0) if self.backlog.oldest_at is None else max(timedelta(0), now - self.backlog.oldest_at)
        if self.last_success_at is None:
            return timedelta(0)
        return max(timedelta(0), now - self.last_success_at - self.interval)


class JobRepository(Protocol):
    """Jobs by name; of all tenants together."""

    @abstractmethod
    async def claim(self, name: str, holder: str, *, interval: timedelta, now: datetime, until: datetime) -> bool:
        """Be the only one who does the job until then; also to prolong. ``False`` when somebody else is."""

    @abstractmethod
    async def record(
        self, name: str, holder: str, now: datetime, *, error: str | None = None, backlog: Backlog | None = None
    ) -> None:
        """How a run went, if the holder still has the claim, which ends; ``error`` ``None`` for well."""

    @abstractmethod
    async def note(
        self,
        name: str,
        holder: str,
        *,
        interval: timedelta,
        now: datetime,
        error: str | None = None,
        backlog: Backlog | None = None,
    ) -> None:
        """How a run went of a job that nobody claims, since any number of instances do it at the same time."""

    @abstractmethod
    async def get(self, name: str) -> JobRun | None:
        """One job, if it ever ran."""

    @abstractmethod
    async def all(self) -> tuple[JobRun, ...]:
        """Every job that ever ran, by name."""
