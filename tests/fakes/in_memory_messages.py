"""Repositories of an in-memory unit of work: inbox, published quotas and jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from application.ports.inbox import Inbox
from application.ports.jobs import Backlog, JobRepository, JobRun
from application.ports.published_quotas import PublishedQuotas, UsedUnits
from tests.fakes.in_memory_database import Tables
from tests.fakes.in_memory_repositories import OpenTables


class InMemoryInbox(Inbox):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def knows(self, tenant: str, message_id: str) -> bool:
        return (tenant, message_id) in self._unit.tables.inbox

    async def add(self, tenant: str, message_id: str, now: datetime) -> bool:
        def change(tables: Tables) -> bool:
            is_new = (tenant, message_id) not in tables.inbox
            tables.inbox.setdefault((tenant, message_id), now)
            return is_new

        return self._unit.write(change)

    async def purge(self, before: datetime) -> int:
        def change(tables: Tables) -> int:
            gone = [key for key, handled_at in tables.inbox.items() if handled_at < before]
            for key in gone:
                del tables.inbox[key]
            return len(gone)

        return self._unit.write(change)


class InMemoryPublishedQuotas(PublishedQuotas):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def changed(self, limit: int) -> tuple[UsedUnits, ...]:
        tables = self._unit.tables
        used = {key: account.units_used for key, account in tables.accounts.items()}
        differing = [
            UsedUnits(key=key, units=used.get(key, 0))
            for key in sorted(used.keys() | tables.told_units.keys(), key=lambda key: (key.tenant, key.email))
            if used.get(key, 0) != tables.told_units.get(key, 0)
        ]
        return tuple(differing[:limit])

    async def record(self, told: Sequence[UsedUnits]) -> None:
        self._unit.write(lambda tables: tables.told_units.update({item.key: item.units for item in told}))


class InMemoryJobRepository(JobRepository):
    def __init__(self, unit: OpenTables) -> None:
        self._unit = unit

    async def claim(self, name: str, holder: str, *, interval: timedelta, now: datetime, until: datetime) -> bool:
        def change(tables: Tables) -> bool:
            job = tables.jobs.get(name, JobRun(name=name, interval=interval))
            is_free = job.lease_until is None or job.lease_until <= now or job.holder == holder
            if is_free:
                job = attrs.evolve(job, holder=holder, lease_until=until, interval=interval)
            tables.jobs[name] = job
            return is_free

        return self._unit.write(change)

    async def record(
        self, name: str, holder: str, now: datetime, *, error: str | None = None, backlog: Backlog | None = None
    ) -> None:
        def change(tables: Tables) -> None:
            job = tables.jobs.get(name)
            if job is None or job.holder != holder:
                return
            tables.jobs[name] = _went(job, now, error, backlog)

        self._unit.write(change)

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
        def change(tables: Tables) -> None:
            job = attrs.evolve(tables.jobs.get(name, JobRun(name=name, interval=interval)), interval=interval)
            tables.jobs[name] = _went(attrs.evolve(job, holder=holder), now, error, backlog)

        self._unit.write(change)

    async def get(self, name: str) -> JobRun | None:
        return self._unit.tables.jobs.get(name)

    async def all(self) -> tuple[JobRun, ...]:
        return tuple(row for _, row in sorted(self._unit.tables.jobs.items()))


def _went(job: JobRun, now: datetime, error: str | None, backlog: Backlog | None) -> JobRun:
    return attrs.evolve(
        job,
        lease_until=None,
        last_run_at=now,
        last_success_at=now if error is None else job.last_success_at,
        last_error=error,
        backlog=backlog or job.backlog,
    )
